import { createHash, randomBytes } from 'node:crypto';

const randomBytesCount = 32;

/** A random secret that says which tenant it belongs to: `12.fV3…`. 256 bits, base64url. */
export function makeBearerSecret(tenant: number): { secret: string; hash: Buffer } {
  const secret = `${tenant}.${randomBytes(randomBytesCount).toString('base64url')}`;
  return { secret, hash: hashOf(secret) };
}

/** The tenant a secret names and what the table keeps of it; undefined for what is no secret of ours. */
export function readBearerSecret(secret: string): { tenant: number; hash: Buffer } | undefined {
  const tenant = /^([1-9]\d{0,8})\.[\w-]{43}$/.exec(secret)?.[1];
  return tenant === undefined ? undefined : { tenant: Number(tenant), hash: hashOf(secret) };
}

/** SHA-256 is enough for a random secret (ASVS 11.5.1). */
function hashOf(secret: string): Buffer {
  return createHash('sha256').update(secret).digest();
}
