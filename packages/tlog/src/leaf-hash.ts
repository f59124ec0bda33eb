import { sha256, type Sha256 } from './sha256.ts';

/** The hash of one entry, `SHA-256(0x00 ‖ entry bytes)`, 32 bytes (RFC 6962 section 2.1). */
export function leafHash(entryBytes: Uint8Array, sha: Sha256 = sha256): Uint8Array {
  const preimage = new Uint8Array(entryBytes.length + 1);
  preimage.set(entryBytes, 1);
  return sha(preimage);
}

/** The same for many entries: one preimage is reused, because allocating it takes longer than hashing it. */
export function createLeafHasher(sha: Sha256 = sha256): (entryBytes: Uint8Array) => Uint8Array {
  let preimage = new Uint8Array(4_096);
  return (entryBytes) => {
    const length = entryBytes.length + 1;
    if (length > preimage.length) preimage = new Uint8Array(length * 2);
    preimage.set(entryBytes, 1);
    return sha(preimage.subarray(0, length));
  };
}
