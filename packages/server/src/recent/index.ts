export { createActivityLog } from './activity-log.ts';
export { openRecent, type RecentStore } from './open-recent.ts';
export { createRecentPages } from './recent-page.ts';
export { recentRoutes } from './recent-routes.ts';
export { dayMs, type RecentSettings, type RecentVariables } from './recent-settings.ts';
export type { RecentSource } from './recent-source.ts';
export { createRecent, type Recent } from './recent.ts';
