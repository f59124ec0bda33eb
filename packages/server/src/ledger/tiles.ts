import type { HashTile } from '@bitacora/tlog';
import type { Client } from '../storage/index.ts';

const hashBytes = 32;

/** The first `width` hashes of a tile, or undefined when the tree has no such tile yet. */
export async function tileHashes(
  client: Client,
  ledger: number,
  tile: HashTile,
): Promise<Buffer | undefined> {
  const result = await client.query<{ hashes: Buffer }>({
    name: 'tile',
    text: 'select hashes from tile where ledger = $1 and level = $2 and index = $3',
    values: [ledger, tile.level, tile.index],
  });
  const hashes = result.rows[0]?.hashes;
  return hashes && hashes.length >= tile.width * hashBytes
    ? hashes.subarray(0, tile.width * hashBytes)
    : undefined;
}
