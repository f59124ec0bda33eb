export { loadConfig } from './config.ts';
export { startDemo, type Demo } from './demo.ts';
export { reindex } from './reindex.ts';
export { startServer, type Server, type ServerOptions } from './start-server.ts';
export { version } from './version.ts';
