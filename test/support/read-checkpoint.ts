import { createPublicKey, verify } from 'node:crypto';
import { sha256 } from './rfc6962.ts';

export interface ReadCheckpoint {
  origin: string;
  size: number;
  root: Buffer;
}

/**
 * Reads a signed note by the C2SP texts (signed-note, tlog-checkpoint) with node:crypto alone.
 * @throws Error when it is malformed or not signed by the key
 */
export function readCheckpoint(note: string, vkey: string): ReadCheckpoint {
  const parts = /^((.+)\n(0|[1-9]\d*)\n([A-Za-z0-9+/]{43}=)\n)\n((?:— .+\n)+)$/u.exec(note);
  if (!parts) throw new Error(`no checkpoint: ${JSON.stringify(note)}`);
  const [, text = '', origin = '', size = '', root = '', signatures = ''] = parts;
  const key = readKey(vkey);
  const signed = signatures
    .trimEnd()
    .split('\n')
    .some((line) => {
      const [, name, encoded = ''] = line.split(' ');
      const bytes = Buffer.from(encoded, 'base64');
      return (
        name === key.name &&
        bytes.subarray(0, 4).equals(key.id) &&
        verify(null, Buffer.from(text), key.publicKey, bytes.subarray(4))
      );
    });
  if (!signed) throw new Error(`not signed by ${vkey}: ${note}`);
  if (origin !== key.name) throw new Error(`a checkpoint of ${origin}, not of ${key.name}`);
  return { origin, size: Number(size), root: Buffer.from(root, 'base64') };
}

function readKey(vkey: string): { name: string; id: Buffer; publicKey: ReturnType<typeof createPublicKey> } {
  const [, name = '', id = '', encoded = ''] = /^([^+]+)\+([0-9a-f]{8})\+(.+)$/.exec(vkey.trim()) ?? [];
  const bytes = Buffer.from(encoded, 'base64');
  if (bytes[0] !== 1 || bytes.length !== 33) throw new Error(`no Ed25519 vkey: ${vkey}`);
  const computed = sha256(Buffer.from(`${name}\n`), bytes).subarray(0, 4);
  if (computed.toString('hex') !== id) throw new Error(`the key id of ${vkey} is not the computed one`);
  const der = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), bytes.subarray(1)]);
  return { name, id: computed, publicKey: createPublicKey({ key: der, format: 'der', type: 'spki' }) };
}
