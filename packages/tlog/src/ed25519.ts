import { ed25519 } from '@noble/curves/ed25519.js';
import { keyId } from './key-id.ts';
import type { Result } from './result.ts';
import type { Signer, Verifier } from './signer.ts';
import { parseVerifierKey, type VerifierKeyRefusal } from './verifier-key.ts';

/** The signature type of Ed25519 notes (C2SP signed-note, signature types). */
export const ed25519Algorithm = 0x01;

/** A signer over the note text from a raw 32-byte seed (RFC 8032 private key). RangeError for another length. */
export function createEd25519Signer({
  name,
  seed,
}: {
  readonly name: string;
  readonly seed: Uint8Array;
}): Signer {
  if (seed.length !== 32) throw new RangeError(`an Ed25519 seed has 32 bytes, not ${seed.length}`);
  const secretKey = new Uint8Array(seed);
  const publicKey = ed25519.getPublicKey(secretKey);
  return Object.freeze({
    name,
    keyId: keyId({ name, algorithm: ed25519Algorithm, publicKey }),
    algorithm: ed25519Algorithm,
    publicKey,
    sign: (message: Uint8Array) => ed25519.sign(message, secretKey),
  });
}

/** A verifier from a vkey (`name+id+key`) of type 0x01. Pass `verify` to use a faster implementation than the default. */
export function createEd25519Verifier(
  verifierKey: string,
  verify: (signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array) => boolean = verifyStrictly,
): Result<Verifier, VerifierKeyRefusal | 'notEd25519'> {
  const key = parseVerifierKey(verifierKey);
  if (!key.ok) return key;
  const { name, algorithm, publicKey } = key.value;
  if (algorithm !== ed25519Algorithm || publicKey.length !== 32) return { ok: false, reason: 'notEd25519' };
  return {
    ok: true,
    value: Object.freeze({
      name,
      keyId: key.value.keyId,
      algorithm,
      verify: (message: Uint8Array, signature: Uint8Array) =>
        signature.length === 64 && verify(signature, message, publicKey),
    }),
  };
}

/** Checks exactly as RFC 8032 says, so that it accepts the same signatures as Node's crypto. */
function verifyStrictly(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: false });
  } catch {
    return false;
  }
}
