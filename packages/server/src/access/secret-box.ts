import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';

/** Encrypts and authenticates the server's small secrets before they go into the database or into a cookie. */
export interface SecretBox {
  seal(plain: Buffer): Buffer;
  /** Undefined when this installation did not seal these bytes for this purpose. */
  open(sealed: Buffer): Buffer | undefined;
}

const nonceBytes = 12;
const tagBytes = 16;

/** AES-256-GCM under a key of one purpose, derived from the installation's master secret. */
export function createSecretBox(master: Buffer, purpose: string): SecretBox {
  const key = createHmac('sha256', master).update(`bitacora:box:${purpose}`).digest();
  return {
    seal(plain) {
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', key, nonce);
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
    open(sealed) {
      if (sealed.length < nonceBytes + tagBytes) return undefined;
      try {
        const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, nonceBytes));
        decipher.setAuthTag(sealed.subarray(-tagBytes));
        return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()]);
      } catch {
        return undefined;
      }
    },
  };
}
