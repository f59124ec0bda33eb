import { createSecretKey, type KeyObject } from 'node:crypto';

const keyBytes = 32;

/** Reads a key: 32 bytes, as they are or as hex, base64 or base64url text. Undefined for anything else. */
export function parseSpoolKey(key: unknown): KeyObject | undefined {
  const bytes = typeof key === 'string' ? bytesOf(key) : key;
  return bytes instanceof Uint8Array && bytes.length === keyBytes ? createSecretKey(bytes) : undefined;
}

function bytesOf(text: string): Buffer | undefined {
  if (/^[\da-f]{64}$/i.test(text)) return Buffer.from(text, 'hex');
  return /^[\w+/-]{43}=?$/.test(text) ? Buffer.from(text, 'base64') : undefined;
}
