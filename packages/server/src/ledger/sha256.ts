import { hash } from 'node:crypto';

/** SHA-256 in the form that `@bitacora/tlog` takes. Through a latin1 text it takes a third of the time. */
export function sha256(bytes: Uint8Array): Buffer {
  return Buffer.from(hash('sha256', bytes, 'binary'), 'binary');
}
