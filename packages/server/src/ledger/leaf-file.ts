import { mkdir, open } from 'node:fs/promises';
import { dirname, join } from 'node:path';

export interface LeafFile {
  /** Keeps the leaf hashes of the entries from `first` on and syncs the file. What is kept already stays as it is. */
  keep(ledger: string, first: number, leafHashes: readonly Uint8Array[]): Promise<void>;
}

const hashBytes = 32;

/**
 * `checkpoints/<ledger>.leaves` in the data directory: the leaf hash of entry n at byte 32 n, outside the database. A
 * checkpoint proves that something below it was altered; with these `bitacora verify --leaves` names the first entry, also
 * when all tiles were recomputed. What another server process integrated is a hole of zeros here.
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
