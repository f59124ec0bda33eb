import { createHash, randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import { AuditError } from '../audit-error.ts';
import type { Client, Database } from '../storage/index.ts';
import type { SecretBox } from '../access/index.ts';

/** Codes of an authenticator app (RFC 6238, SHA-1, six digits, 30 s) and the recovery codes beside them. */
export interface TotpCodes {
  /** Makes a secret that is in force once it is confirmed; replaces an unconfirmed one. @throws already_exists */
  enrol(user: { tenant: number; id: string; email: string }): Promise<{ secret: string; url: string }>;
  /** Puts the secret in force and returns ten recovery codes, which nothing returns again. @throws invalid_parameter */
  confirm(tenant: number, user: string, code: string): Promise<string[]>;
  /** Whether a code of the app or a recovery code is right. Each code works once. */
  accept(tenant: number, user: string, code: string): Promise<boolean>;
  remove(tenant: number, user: string): Promise<void>;
}

const recoveryCodesCount = 10;
const periodSeconds = 30;

export function createTotpCodes(options: {
  database: Database;
  box: SecretBox;
  clock: () => number;
}): TotpCodes {
  const { database, box, clock } = options;
  return {
    async enrol({ tenant, id, email }) {
      const secret = randomBytes(20);
      const stored = await storeSecret(database, { tenant, user: id, sealed: box.seal(secret) });
      if (!stored)
        throw new AuditError('already_exists', { detail: 'codes are in force already: remove them first' });
      const totp = totpOf(secret, email);
      return { secret: totp.secret.base32, url: totp.toString() };
    },
    async confirm(tenant, user, code) {
      const codes = Array.from({ length: recoveryCodesCount }, () => recoveryCode());
      const right = await database.write({ tenant, ledgers: [] }, async (client) => {
        const used = await useCode(client, { tenant, user, code, confirmed: false, box, now: clock() });
        if (used) await replaceRecoveryCodes(client, { tenant, user, hashes: codes.map(hashOf) });
        return used;
      });
      if (right) return codes;
      throw new AuditError('invalid_parameter', {
        parameter: 'code',
        detail: 'the code is wrong or has expired',
      });
    },
    accept(tenant, user, code) {
      const plain = code.replaceAll(/[\s-]/g, '').toLowerCase();
      return database.write({ tenant, ledgers: [] }, (client) =>
        /^\d{6}$/.test(plain)
          ? useCode(client, { tenant, user, code: plain, confirmed: true, box, now: clock() })
          : useRecoveryCode(client, { tenant, user, hash: hashOf(plain) }),
      );
    },
    remove: (tenant, user) => removeCodes(database, tenant, user),
  };
}

/** False when the user has a confirmed secret, which stays. */
async function storeSecret(
  database: Database,
  { tenant, user, sealed }: { tenant: number; user: string; sealed: Buffer },
): Promise<boolean> {
  const stored = await database.write({ tenant, ledgers: [] }, (client) =>
    client.query(
      'update user_account set totp_secret = $3, totp_step = 0 where tenant = $1 and id = $2 and not totp_confirmed',
      [tenant, user, sealed],
    ),
  );
  return stored.rowCount !== 0;
}

/** Checks a code of the app and remembers its time step: a code of that step or an older one is refused afterwards. */
async function useCode(
  client: Client,
  options: { tenant: number; user: string; code: string; confirmed: boolean; box: SecretBox; now: number },
): Promise<boolean> {
  const { tenant, user, code, confirmed, box, now } = options;
  const result = await client.query<{ secret: Buffer | null }>(
    'select totp_secret as secret from user_account where tenant = $1 and id = $2 and totp_confirmed = $3 for update',
    [tenant, user, confirmed],
  );
  const sealed = result.rows[0]?.secret;
  const secret = sealed && box.open(sealed);
  if (!secret) return false;
  const delta = totpOf(secret).validate({ token: code, timestamp: now, window: 1 });
  if (delta === null) return false;
  const step = Math.floor(now / 1_000 / periodSeconds) + delta;
  const used = await client.query(
    'update user_account set totp_step = $3, totp_confirmed = true where tenant = $1 and id = $2 and totp_step < $3',
    [tenant, user, step],
  );
  return used.rowCount === 1;
}

async function useRecoveryCode(
  client: Client,
  { tenant, user, hash }: { tenant: number; user: string; hash: Buffer },
): Promise<boolean> {
  const used = await client.query(
    'update recovery_code set used_at = now() where tenant = $1 and user_id = $2 and hash = $3 and used_at is null',
    [tenant, user, hash],
  );
  return used.rowCount === 1;
}

async function replaceRecoveryCodes(
  client: Client,
  { tenant, user, hashes }: { tenant: number; user: string; hashes: readonly Buffer[] },
): Promise<void> {
  await client.query('delete from recovery_code where tenant = $1 and user_id = $2', [tenant, user]);
  await client.query('insert into recovery_code (tenant, user_id, hash) select $1, $2, unnest($3::bytea[])', [
    tenant,
    user,
    hashes,
  ]);
}

async function removeCodes(database: Database, tenant: number, user: string): Promise<void> {
  await database.write({ tenant, ledgers: [] }, async (client) => {
    await client.query(
      'update user_account set totp_secret = null, totp_confirmed = false, totp_step = 0 where tenant = $1 and id = $2',
      [tenant, user],
    );
    await client.query('delete from recovery_code where tenant = $1 and user_id = $2', [tenant, user]);
  });
}

function totpOf(secret: Buffer, label = ''): TOTP {
  return new TOTP({
    issuer: 'Bitácora',
    label,
    secret: new Secret({ buffer: new Uint8Array(secret).buffer }),
    algorithm: 'SHA1',
    digits: 6,
    period: periodSeconds,
  });
}

/** A code has eighty random bits. Nobody can guess it, so the table needs no slow hash of it. */
function recoveryCode(): string {
  return randomBytes(10)
    .toString('hex')
    .replace(/(.{5})(?=.)/g, '$1-');
}

function hashOf(code: string): Buffer {
  return createHash('sha256').update(code.replaceAll('-', '')).digest();
}
