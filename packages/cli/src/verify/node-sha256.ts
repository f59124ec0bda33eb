import { hash } from 'node:crypto';
import type { Sha256 } from '@bitacora/tlog';

/** Node's own SHA-256 in the form that `@bitacora/tlog` measured as the fastest. */
export const nodeSha256: Sha256 = (data) => Buffer.from(hash('sha256', data, 'binary'), 'binary');
