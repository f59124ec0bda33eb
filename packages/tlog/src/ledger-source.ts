import { decodeEntryBundle } from './entry-bundle.ts';
import { tileWidthFull, type FetchTile, type Tile } from './tile.ts';

/** Consecutive entries, the first at `index`. */
export interface EntryRun {
  readonly index: number;
  readonly entries: readonly Uint8Array[];
}

/** Where a ledger is read from: a database, a folder or a server. Its answers are not trusted but verified. */
export interface LedgerSource {
  /**
   * The entries from an index (a multiple of 256) on, in runs of rising index. When entries are missing, the next run begins
   * at a later index. It can be called again for another index. It rejects only when reading itself fails.
   */
  readBundles(from: number): AsyncIterable<EntryRun>;
  /** Reads a published tile; absent when the source has only entries. */
  readonly readTile?: FetchTile;
}

const bundlesAheadMax = 8;

/**
 * `readBundles` over published entry bundles (`tile/entries/…`) of a tree of `size` entries; `fetchBundle` answers
 * undefined when a bundle is missing. Missing and malformed bundles leave a gap. Up to 8 bundles are fetched ahead.
 */
export function createBundleReader(
  fetchBundle: (tile: Tile) => Uint8Array | undefined | Promise<Uint8Array | undefined>,
  size: number,
): LedgerSource['readBundles'] {
  const fetchAt = async (first: number): Promise<EntryRun> => {
    const width = Math.min(tileWidthFull, size - first);
    const tile: Tile = { level: 'entries', index: first / tileWidthFull, width };
    const bytes =
      (await fetchBundle(tile)) ??
      (width < tileWidthFull ? await fetchBundle({ ...tile, width: tileWidthFull }) : undefined);
    return { index: first, entries: bytes === undefined ? [] : decodeEntryBundle(bytes, width).entries };
  };
  return async function* (from) {
    const ahead: Promise<EntryRun>[] = [];
    for (let next = from; next < size || ahead.length > 0;) {
      for (; next < size && ahead.length < bundlesAheadMax; next += tileWidthFull) {
        const fetched = fetchAt(next);
        // A reader that stops early does not await the bundles fetched ahead, so their failures must have a handler.
        fetched.catch(() => undefined);
        ahead.push(fetched);
      }
      const run = await ahead.shift();
      if (run !== undefined && run.entries.length > 0) yield run;
    }
  };
}
