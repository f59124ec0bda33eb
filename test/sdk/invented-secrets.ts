import { createHmac } from 'node:crypto';
import type { Random } from '../support/random.ts';

/** A secret of a real form. `known` says that its form alone shows it; otherwise its name or its place does. */
export interface InventedSecret {
  kind: string;
  known: boolean;
  /** The name of its member. For known forms the name does not show the secret. */
  name: string;
  /** The value of the member. */
  text: string;
  /** The part that must be gone after redaction. */
  core: string;
}

const lower = 'abcdefghijklmnopqrstuvwxyz';
const upper = lower.toUpperCase();
const digits = '0123456789';
const alphanumeric = lower + upper + digits;
const urlSafe = `${alphanumeric}-_`;
const hex = '0123456789abcdef';

const draw = (random: Random, signs: string, length: number): string =>
  Array.from({ length }, () => random.pick([...signs])).join('');

type Make = (random: Random, n: number) => string;

/** Forms that are secrets in every place. */
const knownKinds: Record<string, Make> = {
  jwt: (random, n) => {
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const head = `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ sub: `u${n}`, iat: 1_770_000_000 + n })}`;
    return `${head}.${createHmac('sha256', draw(random, hex, 32))
      .update(head)
      .digest('base64url')}`;
  },
  'private key': (random, n) => {
    const kind = ['RSA ', 'EC ', '', 'OPENSSH ', 'ENCRYPTED ', 'DSA '][n % 6] ?? '';
    const lines = Array.from({ length: 4 }, () => draw(random, `${alphanumeric}+/`, 64)).join('\n');
    return `-----BEGIN ${kind}PRIVATE KEY-----\n${lines}\n-----END ${kind}PRIVATE KEY-----`;
  },
  'AWS access key': (random, n) => `${n % 2 === 0 ? 'AKIA' : 'ASIA'}${draw(random, `${upper}234567`, 16)}`,
  'AWS secret key': (random) => draw(random, `${alphanumeric}+/`, 40),
  'GitHub token': (random, n) =>
    n % 6 === 5
      ? `github_pat_${draw(random, alphanumeric, 22)}_${draw(random, alphanumeric, 59)}`
      : `gh${'pousr'.charAt(n % 6)}_${draw(random, alphanumeric, 36)}`,
  'GitLab token': (random, n) => `${['glpat', 'gldt', 'glrt'][n % 3]}-${draw(random, urlSafe, 20)}`,
  'Slack token': (random, n) =>
    n % 3 === 2
      ? `xapp-1-A${draw(random, upper, 9)}-${draw(random, digits, 12)}-${draw(random, hex, 64)}`
      : `xox${'bp'.charAt(n % 3)}-${draw(random, digits, 12)}-${draw(random, digits, 12)}-${draw(random, alphanumeric, 24)}`,
  'Stripe key': (random, n) =>
    `${['sk_live', 'rk_live', 'sk_test'][n % 3]}_${draw(random, alphanumeric, 24)}`,
  'Google key': (random, n) =>
    n % 2 === 0 ? `AIza${draw(random, urlSafe, 35)}` : `GOCSPX-${draw(random, urlSafe, 28)}`,
  'npm token': (random) => `npm_${draw(random, alphanumeric, 36)}`,
  'AI key': (random, n) => `${['sk-', 'sk-proj-', 'sk-ant-api03-'][n % 3]}${draw(random, alphanumeric, 48)}`,
  'card number': (random, n) => {
    const start = ['4', '51', '37', '6011', '2221', '4'][n % 6] ?? '4';
    const length = n % 6 === 2 ? 15 : 16;
    const body = start + draw(random, digits, length - start.length - 1);
    const number = body + luhnDigit(body);
    if (n % 6 === 2) return number.replace(/^(.{4})(.{6})(.{5})$/, '$1 $2 $3');
    return n % 2 === 0 ? number : number.replace(/(.{4})(?=.)/g, n % 4 === 1 ? '$1 ' : '$1-');
  },
  IBAN: (random, n) => {
    const [country, letters, length] = (
      [
        ['DE', 0, 18],
        ['GB', 4, 14],
        ['ES', 0, 20],
        ['NL', 4, 10],
        ['FR', 0, 23],
        ['CH', 0, 17],
      ] as const
    )[n % 6] ?? ['DE', 0, 18];
    const body = draw(random, upper, letters) + draw(random, digits, length);
    const iban = country + ibanDigits(country, body) + body;
    return n % 2 === 0 ? iban : iban.replace(/(.{4})(?=.)/g, '$1 ');
  },
};

const schemes = ['postgres', 'mysql', 'redis', 'amqp', 'mongodb+srv', 'https'];

/** Secrets that only their name or their place shows. */
const namedKinds: Record<
  string,
  (random: Random, n: number) => { name: string; text: string; core?: string }
> = {
  'password in a URL': (random, n) => {
    const core = draw(random, alphanumeric, 14);
    return {
      name: 'target',
      text: `${schemes[n % 6]}://app:${core}@db${n}.internal:5432/main?ssl=true`,
      core,
    };
  },
  'token in a URL': (random, n) => {
    const core = draw(random, alphanumeric, 20);
    const name = ['access_token', 'token', 'api_key', 'X-Amz-Signature', 'sig', 'password'][n % 6];
    return { name: 'link', text: `https://files.example.com/a/${n}?page=2&${name}=${core}&lang=es`, core };
  },
  'bearer credentials': (random) => {
    const core = draw(random, alphanumeric, 32);
    return { name: 'sent', text: `Bearer ${core}`, core };
  },
  'basic credentials': (random, n) => {
    const core = Buffer.from(`user${n}:${draw(random, alphanumeric, 12)}`).toString('base64');
    return { name: 'sent', text: `Basic ${core}`, core };
  },
  password: (random, n) => ({
    name: ['password', 'userPassword', 'new_passwd', 'contraseña', 'пароль', 'clave'][n % 6] ?? 'password',
    text: `${draw(random, alphanumeric, 8)}${random.pick(['!', '$', '#', '*', '_', '+'])}${draw(random, digits, 3)}`,
  }),
  'api key': (random, n) => ({
    name: ['apiKey', 'x-api-key', 'client_secret', 'privateKey', 'secret', 'AccessKey'][n % 6] ?? 'apiKey',
    text: draw(random, hex, 32),
  }),
  'short code': (random, n) => ({
    name: ['cvv', 'pin', 'otp', 'cvc', 'securityCode', 'ssn'][n % 6] ?? 'cvv',
    text:
      n % 6 === 5
        ? `${draw(random, digits, 3)}-${draw(random, digits, 2)}-${draw(random, digits, 4)}`
        : draw(random, digits, 7),
  }),
};

const innocent = ['note', 'summary', 'entered', 'line', 'value', 'remark'];

/** Secrets of twenty kinds, `each` of every kind. */
export function inventSecrets(random: Random, each: number): InventedSecret[] {
  const known = Object.entries(knownKinds).flatMap(([kind, make]) =>
    Array.from({ length: each }, (_, n) => {
      const text = make(random, n);
      const core = kind === 'private key' ? (text.split('\n')[1] ?? text) : text;
      return { kind, known: true, name: innocent[n % innocent.length] ?? 'note', text, core };
    }),
  );
  const named = Object.entries(namedKinds).flatMap(([kind, make]) =>
    Array.from({ length: each }, (_, n) => {
      const made = make(random, n);
      return { kind, known: false, core: made.text, ...made };
    }),
  );
  return [...known, ...named];
}

function luhnDigit(body: string): string {
  let sum = 0;
  [...body].toReversed().forEach((sign, i) => {
    const value = Number(sign) * (i % 2 === 0 ? 2 : 1);
    sum += value > 9 ? value - 9 : value;
  });
  return String((10 - (sum % 10)) % 10);
}

function ibanDigits(country: string, body: string): string {
  const number = [...`${body}${country}00`].map((sign) => String(Number.parseInt(sign, 36))).join('');
  return String(98n - (BigInt(number) % 97n)).padStart(2, '0');
}
