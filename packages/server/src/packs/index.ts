export { loggerRoutes } from './logger-routes.ts';
export { createPackRoles } from './pack-roles.ts';
export { packRoutes } from './pack-routes.ts';
