import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CliError } from '../cli-error.ts';
import type { LedgerFiles } from './ledger-files.ts';

/** A ledger in a folder: `checkpoint`, `tile/<L>/<N>`, `tile/entries/<N>`. */
export function ledgerFromFolder(folder: string): LedgerFiles {
  return {
    name: folder,
    grows: false,
    async checkpoint() {
      const note = await readOrAbsent(join(folder, 'checkpoint'));
      if (note === undefined) throw new CliError(`${folder}: no checkpoint in it`);
      return new TextDecoder().decode(note);
    },
    async retention() {
      const text = await readOrAbsent(join(folder, 'retention'));
      return text && new TextDecoder().decode(text);
    },
    read: (path) => readOrAbsent(join(folder, path)),
  };
}

async function readOrAbsent(file: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(file);
  } catch (error) {
    // `000` is a tile and `000.p` a folder. In a wrong layout the file counts as absent, too.
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'EISDIR') return undefined;
    throw error;
  }
}
