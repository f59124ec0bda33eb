import { createPrivateKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';

/** In PEM. */
export interface Certificate {
  cert: string;
  key: string;
}

export interface Authority {
  cert: string;
  /** A certificate of `localhost` that is valid between these times. */
  issue(validity: { from: Date; to: Date }): Certificate;
}

const day = 86_400_000;

/** A new certificate authority (RFC 5280, ECDSA with P-256), which no client trusts by itself. */
export function makeAuthority(): Authority {
  const own = keyPair();
  const name = 'Test authority';
  const always = { from: new Date(Date.now() - 3_650 * day), to: new Date(Date.now() + 3_650 * day) };
  const isAuthority = extension('551d13', sequence(der(0x01, Buffer.from([0xff]))));
  const issuer = { name, key: own.key };
  return {
    cert: certificate({ ...own, name, issuer, validity: always, extensions: [isAuthority] }),
    issue(validity) {
      const leaf = keyPair();
      const host = extension('551d11', sequence(der(0x82, Buffer.from('localhost'))));
      const cert = certificate({ ...leaf, name: 'localhost', issuer, validity, extensions: [host] });
      return { cert, key: leaf.key.export({ type: 'pkcs8', format: 'pem' }).toString() };
    },
  };
}

function keyPair(): { key: KeyObject; spki: Buffer } {
  const { privateKey, publicKey } = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'der' },
  });
  return { key: createPrivateKey(privateKey), spki: publicKey };
}

interface Contents {
  name: string;
  spki: Buffer;
  issuer: { name: string; key: KeyObject };
  validity: { from: Date; to: Date };
  extensions: Buffer[];
}

function certificate({ name, spki, issuer, validity, extensions }: Contents): string {
  // ecdsa-with-SHA256
  const algorithm = sequence(der(0x06, Buffer.from('2a8648ce3d040302', 'hex')));
  const signed = sequence(
    der(0xa0, integer(Buffer.from([2]))),
    integer(Buffer.concat([Buffer.from([0x01]), randomBytes(15)])),
    algorithm,
    nameOf(issuer.name),
    sequence(time(validity.from), time(validity.to)),
    nameOf(name),
    spki,
    der(0xa3, sequence(...extensions)),
  );
  const signature = Buffer.concat([Buffer.from([0]), sign('sha256', signed, issuer.key)]);
  const bytes = sequence(signed, algorithm, der(0x03, signature));
  return `-----BEGIN CERTIFICATE-----\n${bytes.toString('base64').replaceAll(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

/** Its common name. */
function nameOf(text: string): Buffer {
  const commonName = der(0x06, Buffer.from('550403', 'hex'));
  return sequence(der(0x31, sequence(commonName, der(0x0c, Buffer.from(text)))));
}

function extension(id: string, value: Buffer): Buffer {
  return sequence(der(0x06, Buffer.from(id, 'hex')), der(0x04, value));
}

function time(at: Date): Buffer {
  const [digits = ''] = at.toISOString().replaceAll(/[-:T]/g, '').split('.');
  return der(0x18, Buffer.from(`${digits}Z`));
}

const integer = (bytes: Buffer): Buffer => der(0x02, bytes);
const sequence = (...parts: Buffer[]): Buffer => der(0x30, Buffer.concat(parts));

/** Tag, length, value (X.690). */
function der(tag: number, value: Buffer): Buffer {
  const { length } = value;
  const head = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), value]);
}
