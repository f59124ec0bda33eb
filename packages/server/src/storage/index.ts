export {
  createDatabase,
  sqlState,
  type Client,
  type Database,
  type LedgerHead,
  type Scope,
} from './database.ts';
export { openDataDirectory, type DataDirectory } from './data-directory.ts';
export { copyRows, createCopyBuffer, type CopyBuffer } from './copy-rows.ts';
export { openStorage, type Storage } from './open-storage.ts';
export type { KeyStore, Swap } from './key-store.ts';
export { createMemoryKeys } from './memory-keys.ts';
export { connectRedis } from './redis.ts';
