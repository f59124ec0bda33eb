import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../host/has-code.ts';
import { replaceFile, writeNewFile } from '../host/replace-file.ts';

/** The newest checkpoint, kept on disk. Later checkpoints are compared with it, also by the next process. */
export interface KeptNote {
  /** Undefined before the first. Rejects with what the file system says. */
  read(): Promise<string | undefined>;
  /** After a crash the file is the old or the new one as a whole, never a part. */
  replace(note: string): Promise<void>;
  /** Keeps two notes that contradict each other in a file beside it. The first two are the proof and are never replaced. */
  keepContradiction(notes: readonly string[]): Promise<void>;
}

export function createKeptNote(directory: string, ledger: string): KeptNote {
  const path = join(directory, `${encodeURIComponent(ledger)}.note`);
  return {
    read: () =>
      readFile(path, 'utf8').catch((error: unknown) => {
        if (hasCode(error, 'ENOENT')) return undefined;
        throw error;
      }),
    replace: (note) => replaceFile(path, note),
    async keepContradiction(notes) {
      await mkdir(directory, { recursive: true, mode: 0o700 });
      // Notes end with a newline; with a blank line after each, `bitacora verify --checkpoint` reads them all.
      await writeNewFile(`${path}s-that-contradict`, notes.map((note) => `${note}\n`).join('')).catch(
        (error: unknown) => {
          if (!hasCode(error, 'EEXIST')) throw error;
        },
      );
    },
  };
}
