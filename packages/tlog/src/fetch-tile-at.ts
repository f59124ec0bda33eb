import { tileWidthFull, type FetchTile, type HashTile } from './tile.ts';

/**
 * The bytes of a tile. When a partial tile is missing they are taken from the full one, because logs may delete partial
 * tiles once the full one exists (C2SP tlog-tiles, partial tiles). Undefined when missing or of the wrong length.
 */
export async function fetchTileAt(fetchTile: FetchTile, tile: HashTile): Promise<Uint8Array | undefined> {
  const bytes = await fetchTile(tile);
  if (bytes !== undefined) return bytes.length === tile.width * 32 ? bytes : undefined;
  if (tile.width === tileWidthFull) return undefined;
  const full = await fetchTile({ ...tile, width: tileWidthFull });
  return full?.length === tileWidthFull * 32 ? full.subarray(0, tile.width * 32) : undefined;
}
