import { sha256, type Sha256 } from './sha256.ts';

/**
 * The root of a power of two of hashes that lie one after the other (32 bytes each; a full tile is 8,192 bytes and its
 * root a hash of the tile above). Throws RangeError for another number of hashes.
 */
export function tileRoot(hashes: Uint8Array, sha: Sha256 = sha256): Uint8Array {
  let count = hashes.length / 32;
  if (count < 1 || !Number.isInteger(Math.log2(count))) {
    throw new RangeError(`${count} hashes make no complete subtree`);
  }
  // Makes a copy also when the argument is a Buffer, whose `slice` would be a view.
  const row = new Uint8Array(hashes);
  const preimage = new Uint8Array(65);
  preimage[0] = 1;
  for (; count > 1; count /= 2) {
    for (let i = 0; i < count / 2; i++) {
      preimage.set(row.subarray(i * 64, i * 64 + 64), 1);
      row.set(sha(preimage), i * 32);
    }
  }
  return row.slice(0, 32);
}
