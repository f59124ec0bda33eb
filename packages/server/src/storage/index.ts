export { copyRows, createCopyBuffer } from './copy-rows.ts';
export { openDataDirectory, type DataDirectory } from './data-directory.ts';
export { sqlState, type Client, type Database, type LedgerHead, type RowAccess } from './database.ts';
export type { KeyStore } from './key-store.ts';
export { createMemoryKeys } from './memory-keys.ts';
export { openStorage, type Storage } from './open-storage.ts';
export { connectRedis } from './redis.ts';
