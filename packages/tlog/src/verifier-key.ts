import { decodeBase64, encodeBase64 } from './base64.ts';
import { keyId } from './key-id.ts';
import { isKeyName } from './key-name.ts';
import type { Result } from './result.ts';

/** A public key with its name, as a vkey holds it. */
export interface VerifierKey {
  readonly name: string;
  readonly keyId: number;
  /** The signature type byte. */
  readonly algorithm: number;
  readonly publicKey: Uint8Array;
}

/** Why a text is no vkey. */
export type VerifierKeyRefusal = 'malformedVerifierKey' | 'keyIdMismatch';

/** `name+hex(key id)+base64(type ‖ public key)`; the key id is computed when absent. */
export function formatVerifierKey(key: Omit<VerifierKey, 'keyId'> & { readonly keyId?: number }): string {
  const id = (key.keyId ?? keyId(key)).toString(16).padStart(8, '0');
  return `${key.name}+${id}+${encodeBase64(Uint8Array.of(key.algorithm, ...key.publicKey))}`;
}

/**
 * Reads a vkey. The key id must equal the computed one, except for ECDSA (0x02), whose ids are computed in another way.
 */
export function parseVerifierKey(text: string): Result<VerifierKey, VerifierKeyRefusal> {
  const match = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/u.exec(text);
  const [, name = '', id = '', encoded = ''] = match ?? [];
  const bytes = decodeBase64(encoded);
  const algorithm = bytes?.[0];
  if (
    match === null ||
    !isKeyName(name) ||
    bytes === undefined ||
    algorithm === undefined ||
    bytes.length < 2
  ) {
    return { ok: false, reason: 'malformedVerifierKey' };
  }
  const key = { name, keyId: Number.parseInt(id, 16), algorithm, publicKey: bytes.slice(1) };
  if (algorithm !== 0x02 && keyId(key) !== key.keyId) return { ok: false, reason: 'keyIdMismatch' };
  return { ok: true, value: key };
}
