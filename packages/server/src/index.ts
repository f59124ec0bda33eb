export { errorTable, type ErrorCode } from './audit-error.ts';
export { filterFields } from './query/index.ts';
export { readSettings, settingTable, type Settings } from './settings/index.ts';
export { startServer, version, type Server, type ServerOptions } from './app/index.ts';
