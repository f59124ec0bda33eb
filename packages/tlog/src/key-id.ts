import { sha256 } from './sha256.ts';

/** The first four bytes of `SHA-256(name ‖ 0x0A ‖ type ‖ public key)` as an unsigned number (C2SP signed-note). */
export function keyId(key: {
  readonly name: string;
  readonly algorithm: number;
  readonly publicKey: Uint8Array;
}): number {
  const name = new TextEncoder().encode(`${key.name}\n`);
  const preimage = new Uint8Array(name.length + 1 + key.publicKey.length);
  preimage.set(name);
  preimage[name.length] = key.algorithm;
  preimage.set(key.publicKey, name.length + 1);
  return new DataView(sha256(preimage).slice(0, 4).buffer).getUint32(0);
}
