import { randomBytes } from 'node:crypto';
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** The newest checkpoint on disk: what a later one is compared with, also by the next process. */
export interface KeptNote {
  /** Undefined before the first. Rejects with what the file system says. */
  read(): Promise<string | undefined>;
  /** Replaces it at once and for good: after a crash the file is the old or the new one, never a part. */
  replace(note: string): Promise<void>;
  /** Keeps two notes that contradict each other beside it; the first two are the proof, and stay. */
  keepContradiction(notes: readonly string[]): Promise<void>;
}

export function createKeptNote(directory: string, ledger: string): KeptNote {
  const path = join(directory, `${encodeURIComponent(ledger)}.note`);
  return {
    read: () =>
      readFile(path, 'utf8').catch((error: unknown) => {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
        throw error;
      }),
    async replace(note) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      const fresh = `${path}.${randomBytes(6).toString('hex')}`;
      try {
        await writeSynced(fresh, note);
        await rename(fresh, path);
      } catch (error) {
        await rm(fresh, { force: true });
        throw error;
      }
      await syncDirectory(directory);
    },
    async keepContradiction(notes) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      // Notes end with a newline; with a blank line after each, `bitacora verify --checkpoint` reads them all.
      await writeSynced(`${path}s-that-contradict`, notes.map((note) => `${note}\n`).join('')).catch(
        (error: unknown) => {
          if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
        },
      );
    },
  };
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
