import { createBundleReader, tilePath, tileWidthFull, type LedgerSource, type Tile } from '@bitacora/tlog';
import type { LedgerFiles } from './ledger-files.ts';

const tilesAheadMax = 64;

/**
 * A published ledger as `verifyLedger` reads it. `size` is the greatest size to look for. `sizeStated` is the size in the
 * ledger's own checkpoint, which gives the width of its last bundle when the ledger is shorter than expected. Several bundles
 * are fetched at the same time, each with the level 0 tile of the same entries.
 */
export function publishedLedger(
  files: LedgerFiles,
  { size, sizeStated }: { readonly size: number; readonly sizeStated: number },
): LedgerSource {
  const ahead = new Map<string, Promise<Uint8Array | undefined>>();

  function fetchAhead(tile: Tile): void {
    const path = tilePath({ ...tile, level: 0 });
    const fetched = files.read(path);
    // The reader that awaits this promise gets the error.
    fetched.catch(() => undefined);
    ahead.set(path, fetched);
    const [oldest] = ahead.keys();
    if (ahead.size > tilesAheadMax && oldest !== undefined) ahead.delete(oldest);
  }

  async function fetchBundle(tile: Tile): Promise<Uint8Array | undefined> {
    fetchAhead(tile);
    const bytes = await files.read(tilePath(tile));
    const widthStated = sizeStated - tile.index * tileWidthFull;
    if (bytes !== undefined || widthStated < 1 || widthStated >= tileWidthFull) return bytes;
    return files.read(tilePath({ ...tile, width: widthStated }));
  }

  return {
    readBundles: createBundleReader(fetchBundle, size),
    readTile(tile) {
      const path = tilePath(tile);
      const fetched = ahead.get(path);
      ahead.delete(path);
      return fetched ?? files.read(path);
    },
  };
}
