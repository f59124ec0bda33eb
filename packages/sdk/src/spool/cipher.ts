import { createCipheriv, createDecipheriv, hkdfSync, randomBytes, type KeyObject } from 'node:crypto';

/** Encrypts and decrypts the texts of one spool. */
export interface SpoolCipher {
  /** Returns salt (16 bytes), IV (12), the encrypted text, tag (16). It can be decrypted with the same number only. */
  encrypt(text: string, sequence: number): Buffer;
  /** Undefined for what was not encrypted with this key, for this spool and under this number. */
  decrypt(bytes: Buffer, sequence: number): string | undefined;
  /** Takes a new salt, and with it a new key, for what is encrypted from now on. */
  renew(): void;
}

const algorithm = 'aes-256-gcm';
const ivAt = 16;
const textAt = 28;
const tagBytes = 16;
/** What encrypting adds to a text. */
export const encryptionBytes = textAt + tagBytes;

/**
 * AES-256-GCM with keys that HKDF-SHA-256 (RFC 5869) derives from `key`, a salt and `place`: a text that is moved to another
 * place cannot be decrypted there. The salt is in front of each text, so that damage to one text makes no other unreadable.
 */
export function createSpoolCipher(key: KeyObject, place: string): SpoolCipher {
  const derive = (salt: Buffer): Derived => ({
    salt,
    key: Buffer.from(hkdfSync('sha256', key, salt, `bitacora spool ${place}`, 32)),
  });
  const fresh = (): Derived => derive(randomBytes(ivAt));
  let own = fresh();
  let read = own;
  return {
    encrypt(text, sequence) {
      const iv = randomBytes(textAt - ivAt);
      const cipher = createCipheriv(algorithm, own.key, iv).setAAD(Buffer.from(`${sequence}`));
      return Buffer.concat([own.salt, iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    },
    decrypt(bytes, sequence) {
      const tagAt = bytes.length - tagBytes;
      if (tagAt < textAt) return undefined;
      const salt = bytes.subarray(0, ivAt);
      if (!read.salt.equals(salt)) read = derive(Buffer.from(salt));
      try {
        const decipher = createDecipheriv(algorithm, read.key, bytes.subarray(ivAt, textAt))
          .setAAD(Buffer.from(`${sequence}`))
          .setAuthTag(bytes.subarray(tagAt));
        return decipher.update(bytes.subarray(textAt, tagAt), undefined, 'utf8') + decipher.final('utf8');
      } catch {
        return undefined;
      }
    },
    renew() {
      own = fresh();
    },
  };
}

interface Derived {
  readonly salt: Buffer;
  readonly key: Buffer;
}
