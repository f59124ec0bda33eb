import { createHash, randomBytes } from 'node:crypto';

const randomBytesCount = 32;

/** Makes a random secret of 256 bits, base64url, that begins with the number of its tenant: `12.fV3…`. */
export function makeBearerSecret(tenant: number): { secret: string; hash: Buffer } {
  const secret = `${tenant}.${randomBytes(randomBytesCount).toString('base64url')}`;
  return { secret, hash: hashOf(secret) };
}

/** The tenant that a secret names, and its hash as the table holds it; undefined when the text has another form. */
export function readBearerSecret(secret: string): { tenant: number; hash: Buffer } | undefined {
  const tenant = /^([1-9]\d{0,8})\.[\w-]{43}$/.exec(secret)?.[1];
  return tenant === undefined ? undefined : { tenant: Number(tenant), hash: hashOf(secret) };
}

/** SHA-256 is enough for a random secret (ASVS 11.5.1). */
function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
