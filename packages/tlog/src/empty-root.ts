import { sha256, type Sha256 } from './sha256.ts';

/** The root of the tree without entries, `SHA-256("")` (RFC 6962 section 2.1). */
export function emptyRoot(sha: Sha256 = sha256): Uint8Array {
  return sha(new Uint8Array(0));
}
