import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { tilePath, tilesForSize, tileWidthFull, type Tile } from '@bitacora/tlog';
import type { Progress } from '../progress.ts';
import type { LedgerFiles } from './ledger-files.ts';

const downloadsMax = 8;

/**
 * Writes a ledger of `size` entries into a folder in C2SP layout, so that it can be verified without the server. A file that
 * the ledger lacks is left out, and verifying the folder reports it.
 */
export async function saveLedger(
  files: LedgerFiles,
  folder: string,
  {
    note,
    retention,
    size,
    progress,
  }: {
    readonly note: string;
    /** The statement of retention, as the ledger gives it. */
    readonly retention: string | undefined;
    readonly size: number;
    readonly progress: Progress;
  },
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, 'checkpoint'), note);
  if (retention !== undefined) await writeFile(join(folder, 'retention'), retention);
  const tiles = everyTile(size);
  const total = Math.ceil(size / tileWidthFull) * 2;
  let done = 0;
  async function download(): Promise<void> {
    // All downloads take from the same generator.
    for (const tile of tiles) {
      await saveTile(files, folder, tile);
      done += 1;
      progress.update({ done, total, text: `${done} files` });
    }
  }
  await Promise.all(Array.from({ length: downloadsMax }, download));
}

function* everyTile(size: number): Generator<Tile, undefined> {
  for (let first = 0; first < size; first += tileWidthFull) {
    yield { level: 'entries', index: first / tileWidthFull, width: Math.min(tileWidthFull, size - first) };
  }
  yield* tilesForSize(size);
}

async function saveTile(files: LedgerFiles, folder: string, tile: Tile): Promise<void> {
  // A log may have kept only the full tile of a partial one.
  for (const width of new Set([tile.width, tileWidthFull])) {
    const path = tilePath({ ...tile, width });
    const bytes = await files.read(path);
    if (bytes === undefined) continue;
    const file = join(folder, path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
    return;
  }
}
