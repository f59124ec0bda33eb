import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  randomBytes,
  type KeyObject,
} from 'node:crypto';
import { promisify } from 'node:util';
import { deflateRaw, inflateRawSync } from 'node:zlib';

const deflate = promisify(deflateRaw);

/** The owner of a value, and the entries of the ledger that it describes: `[first, end)`. */
export interface ValueHeader {
  tenant: number;
  ledger: number;
  epoch: number;
  first: number;
  end: number;
}

/** Encrypts values so that only this installation can read them, and only under the name for which they were written. */
export interface Codec {
  seal(name: string, header: ValueHeader, payload: unknown): Promise<Buffer>;
  /** The payload and its header. Undefined when the value has another owner, name or epoch, or is damaged or forged. */
  open(
    name: string,
    value: Buffer,
    owner: Pick<ValueHeader, 'tenant' | 'ledger' | 'epoch'>,
  ): { header: ValueHeader; payload: unknown } | undefined;
}

/** With level 1 an entry takes 135 bytes instead of 111 with the default level, in a third of the time. */
const deflateLevel = 1;
const nonceBytes = 12;
const tagBytes = 16;
/** Our own values inflate about tenfold, so a value that inflates to more than this is not ours. */
const inflatedBytesMax = 64 * 1024 * 1024;

/**
 * `uint16 length · header as JSON · nonce · deflated payload in AES-256-GCM · tag`; name and header are authenticated
 * too. Values are encrypted, because Redis may keep them on its disk, where plain text would survive an erasure.
 */
export function createCodec(secret: Buffer): Codec {
  const keys = new Map<number, KeyObject>();
  const keyOf = (tenant: number): KeyObject => {
    const existing = keys.get(tenant);
    if (existing) return existing;
    const key = createSecretKey(createHmac('sha256', secret).update(`bitacora:${tenant}:recent`).digest());
    keys.set(tenant, key);
    return key;
  };
  return {
    async seal(name, header, payload) {
      const head = Buffer.from(JSON.stringify(header));
      const prefix = Buffer.alloc(2);
      prefix.writeUInt16BE(head.length);
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv('aes-256-gcm', keyOf(header.tenant), nonce);
      cipher.setAAD(Buffer.concat([Buffer.from(name), head]));
      const packed = await deflate(JSON.stringify(payload), { level: deflateLevel });
      return Buffer.concat([prefix, head, nonce, cipher.update(packed), cipher.final(), cipher.getAuthTag()]);
    },
    open(name, value, owner) {
      try {
        const start = 2 + value.readUInt16BE(0);
        const head = value.subarray(2, start);
        const header = parseHeader(head.toString('utf8'));
        if (header?.tenant !== owner.tenant || header.ledger !== owner.ledger) return undefined;
        if (header.epoch !== owner.epoch) return undefined;
        const decipher = createDecipheriv(
          'aes-256-gcm',
          keyOf(owner.tenant),
          value.subarray(start, start + nonceBytes),
          { authTagLength: tagBytes },
        );
        decipher.setAAD(Buffer.concat([Buffer.from(name), head]));
        decipher.setAuthTag(value.subarray(-tagBytes));
        const packed = Buffer.concat([
          decipher.update(value.subarray(start + nonceBytes, -tagBytes)),
          decipher.final(),
        ]);
        const text = inflateRawSync(packed, { maxOutputLength: inflatedBytesMax }).toString('utf8');
        return { header, payload: JSON.parse(text) as unknown };
      } catch {
        return undefined;
      }
    },
  };
}

function parseHeader(text: string): ValueHeader | undefined {
  const parsed = JSON.parse(text) as Partial<Record<keyof ValueHeader, unknown>>;
  const { tenant, ledger, epoch, first, end } = parsed;
  const header = { tenant, ledger, epoch, first, end };
  return Object.values(header).every(Number.isSafeInteger) ? (header as ValueHeader) : undefined;
}
