export { loadConfig, type Config } from './config.ts';
export { startDemo } from './demo.ts';
export {
  defaultTenant,
  ensureTenant,
  startServer,
  version,
  type Server,
  type ServerOptions,
} from './server.ts';
export { reindex } from './reindex.ts';
export { readSettings, settingTable, type Settings } from './settings.ts';
