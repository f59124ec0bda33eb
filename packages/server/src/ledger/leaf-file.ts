import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface LeafFile {
  /** Writes the leaf hashes of the entries from `first` on and syncs the file. Hashes that the file has are not changed. */
  keep(ledger: string, first: number, leafHashes: readonly Uint8Array[]): Promise<void>;
}

const hashBytes = 32;

/**
 * `checkpoints/<ledger>.leaves` in the data directory: the leaf hash of entry n at byte 32 n, outside the database. A
 * checkpoint proves that some entry below it was altered. With the leaf hashes `bitacora verify --leaves` names the first
 * one, even when somebody recomputed all tiles. Where another server process integrated entries, this file holds zeros.
 */
export function createLeafFile(dataDirectory: string): LeafFile {
  return {
    async keep(ledger, first, leafHashes) {
      const path = join(dataDirectory, 'checkpoints', `${ledger}.leaves`);
      await mkdir(dirname(path), { recursive: true });
      const handle = await open(path, 'r+').catch(() => open(path, 'wx+', 0o640));
      try {
        const kept = Math.floor((await handle.stat()).size / hashBytes);
        const fresh = Buffer.concat(leafHashes.slice(Math.max(0, kept - first)));
        if (fresh.length === 0) return;
        await handle.write(fresh, 0, fresh.length, Math.max(first, kept) * hashBytes);
        await handle.sync();
      } finally {
        await handle.close();
      }
    },
  };
}
