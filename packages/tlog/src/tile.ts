/** Hashes in a full tile, and entries in a full bundle (C2SP tlog-tiles). */
export const tileWidthFull = 256;

/**
 * A tile: `width` consecutive hashes at tile level `level` (tree level 8·level), beginning with hash `256·index` of that
 * level. Width 256 is a full tile, 1 to 255 a partial one at the tree's right edge. The same coordinates at level
 * `'entries'` name entry bundles.
 */
export interface Tile {
  readonly level: number | 'entries';
  readonly index: number;
  readonly width: number;
}

/** A tile of hashes, which an entry bundle is not. */
export interface HashTile extends Tile {
  readonly level: number;
}

/** Gets the bytes of exactly the tile asked for (32 × width of them); undefined when there is none. */
export type FetchTile = (tile: HashTile) => Uint8Array | undefined | Promise<Uint8Array | undefined>;
