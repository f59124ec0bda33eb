import { createHash } from 'node:crypto';

// RFC 6962, section 2.1. What the server publishes is compared with this, so it shares no code with the server.

export function sha256(...parts: readonly Uint8Array[]): Buffer {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest();
}

export function leafHash(entry: Uint8Array): Buffer {
  return sha256(Uint8Array.of(0), entry);
}

export function nodeHash(left: Uint8Array, right: Uint8Array): Buffer {
  return sha256(Uint8Array.of(1), left, right);
}

/** The root of the leaves `[from, to)`. */
export function rootOf(leaves: readonly Uint8Array[], from = 0, to = leaves.length): Buffer {
  if (to === from) return sha256();
  const [leaf] = leaves.slice(from, from + 1);
  if (to - from === 1 && leaf) return Buffer.from(leaf);
  let split = 1;
  while (split * 2 < to - from) split *= 2;
  return nodeHash(rootOf(leaves, from, from + split), rootOf(leaves, from + split, to));
}
