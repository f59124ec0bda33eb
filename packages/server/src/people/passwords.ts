import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { AuditError } from '../audit-error.ts';

export interface Passwords {
  /** A PHC string: `$argon2id$v=19$m=…,t=…,p=…$salt$hash`. @throws invalid_parameter, too_many_requests */
  hash(password: string): Promise<string>;
  /** False when `stored` is null, but only after the same time as for a real hash. @throws too_many_requests */
  matches(password: string, stored: string | null): Promise<boolean>;
}

/** 46 MiB and two passes, twice the cost of OWASP's first recommendation: about 100 ms of one core. */
const cost = { memory: 47_104, passes: 2, parallelism: 1, tagLength: 32 };
/** More hashes at once would slow down the rest of the server; more waiting calls would only time out. */
const atOnceMax = 2;
const waitingMax = 64;
const lengthMin = 12;
const bytesMax = 1_024;

export function createPasswords(): Passwords {
  const run = createTurnstile();
  const saltOfNobody = randomBytes(16);
  return {
    async hash(password) {
      requireGood(password);
      const salt = randomBytes(16);
      const tag = await run(() => derive(password, salt, cost));
      const { memory, passes, parallelism } = cost;
      return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(tag)}`;
    },
    async matches(password, stored) {
      const parts = /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]+)$/.exec(stored ?? '');
      const [, memory, passes, parallelism, salt = '', tag = ''] = parts ?? [];
      const expected = Buffer.from(tag, 'base64');
      const costs = parts
        ? {
            memory: Number(memory),
            passes: Number(passes),
            parallelism: Number(parallelism),
            tagLength: expected.length,
          }
        : cost;
      // No password can have this length, so the text itself is not hashed.
      const tooLong = Buffer.byteLength(password) > bytesMax;
      const derived = await run(() =>
        derive(tooLong ? '' : password, parts ? Buffer.from(salt, 'base64') : saltOfNobody, costs),
      );
      return parts !== null && !tooLong && timingSafeEqual(derived, expected);
    },
  };
}

/** @throws invalid_parameter */
export function requireGood(password: string): void {
  const refuse = (detail: string): never => {
    throw new AuditError('invalid_parameter', { parameter: 'password', detail });
  };
  if (!password.isWellFormed()) refuse('the password is not valid Unicode');
  const length = [...password.normalize('NFC')].length;
  if (length < lengthMin) refuse(`the password needs at least ${lengthMin} characters`);
  if (Buffer.byteLength(password) > bytesMax) refuse(`the password takes more than ${bytesMax} bytes`);
  if (new Set(password).size < 4) refuse('the password repeats too few characters');
}

function derive(password: string, nonce: Buffer, options: typeof cost): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    argon2('argon2id', { ...options, nonce, message: password.normalize('NFC') }, (error, derived) =>
      error ? reject(error) : resolve(derived),
    );
  });
}

function unpadded(bytes: Buffer): string {
  return bytes.toString('base64').replaceAll('=', '');
}

/** Runs at most `atOnceMax` works at once; `waitingMax` more wait, the others throw too_many_requests. */
function createTurnstile(): <T>(work: () => Promise<T>) => Promise<T> {
  let busy = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (busy >= atOnceMax) {
      if (waiting.length >= waitingMax) throw new AuditError('too_many_requests', { retryAfterSeconds: 5 });
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else busy++;
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else busy--;
    }
  };
}
