export { errorTable, type ErrorCode } from './audit-error.ts';
export { filterFields } from './read/index.ts';
export {
  readSettings,
  settingTable,
  startServer,
  version,
  type Server,
  type ServerOptions,
  type Settings,
} from './serve/index.ts';
