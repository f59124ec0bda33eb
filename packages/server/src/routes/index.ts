export { adminRoutes } from './admin-routes.ts';
export { eventRoutes } from './event-routes.ts';
export { healthRoutes } from './health-routes.ts';
export { pageRoutes } from './page-routes.ts';
export { peopleRoutes } from './people/people-routes.ts';
export { createReadRecord } from './read-record.ts';
export { retentionRoutes, type PurgedSegment, type Retention } from './retention-routes.ts';
export { sourceRoutes } from './source-routes.ts';
export { treeRoutes } from './tree-routes.ts';
