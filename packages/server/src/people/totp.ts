import { createHash, randomBytes } from 'node:crypto';
import { Secret, TOTP } from 'otpauth';
import { AuditError } from '../audit-error.ts';
import type { Client, Database } from '../storage/index.ts';
import type { SecretBox } from '../access/index.ts';

/** Codes of an authenticator app (RFC 6238, SHA-1, six digits, 30 s) and the recovery codes beside them. */
export interface TotpCodes {
  /** A new secret, not yet in force; replaces one that was not confirmed. @throws already_exists */
  enrol(user: { tenant: number; id: string; email: string }): Promise<{ secret: string; url: string }>;
  /** Puts the secret in force. Ten recovery codes, told here and never again. @throws invalid_parameter */
  confirm(tenant: number, user: string, code: string): Promise<string[]>;
  /** Whether a code, or a recovery code, is right; each counts once. */
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
  const scope = (tenant: number): { tenant: number; ledgers: number[] } => ({ tenant, ledgers: [] });
  /** Moves the last used step on when the code is that of a later one. */
  const useCode = async (
    { tenant, user, code, confirmed }: { tenant: number; user: string; code: string; confirmed: boolean },
    accepted: (client: Client) => Promise<unknown> = () => Promise.resolve(),
  ): Promise<boolean> =>
    database.write(scope(tenant), async (client) => {
      const result = await client.query<{ secret: Buffer | null }>(
        'select totp_secret as secret from user_account where tenant = $1 and id = $2 and totp_confirmed = $3 for update',
        [tenant, user, confirmed],
      );
      const secret = result.rows[0]?.secret && box.open(result.rows[0].secret);
      if (!secret) return false;
      const timestamp = clock();
      const delta = totpOf(secret).validate({ token: code, timestamp, window: 1 });
      if (delta === null) return false;
      const step = Math.floor(timestamp / 1_000 / periodSeconds) + delta;
      const used = await client.query(
        'update user_account set totp_step = $3, totp_confirmed = true where tenant = $1 and id = $2 and totp_step < $3',
        [tenant, user, step],
      );
      if (used.rowCount === 1) await accepted(client);
      return used.rowCount === 1;
    });
  return {
    async enrol({ tenant, id, email }) {
      const secret = randomBytes(20);
      const done = await database.write(scope(tenant), (client) =>
        client.query(
          'update user_account set totp_secret = $3, totp_step = 0 where tenant = $1 and id = $2 and not totp_confirmed',
          [tenant, id, box.seal(secret)],
        ),
      );
      if (done.rowCount === 0)
        throw new AuditError('already_exists', { detail: 'codes are in force already: remove them first' });
      const totp = totpOf(secret, email);
      return { secret: totp.secret.base32, url: totp.toString() };
    },
    async confirm(tenant, user, code) {
      const codes = Array.from({ length: recoveryCodesCount }, () => recoveryCode());
      const done = await useCode({ tenant, user, code, confirmed: false }, async (client) => {
        await client.query('delete from recovery_code where tenant = $1 and user_id = $2', [tenant, user]);
        await client.query(
          'insert into recovery_code (tenant, user_id, hash) select $1, $2, unnest($3::bytea[])',
          [tenant, user, codes.map(hashOf)],
        );
      });
      if (done) return codes;
      throw new AuditError('invalid_parameter', {
        parameter: 'code',
        detail: 'that is not the present code',
      });
    },
    async accept(tenant, user, code) {
      const plain = code.replaceAll(/[\s-]/g, '').toLowerCase();
      if (/^\d{6}$/.test(plain)) return useCode({ tenant, user, code: plain, confirmed: true });
      const used = await database.write(scope(tenant), (client) =>
        client.query(
          'update recovery_code set used_at = now() where tenant = $1 and user_id = $2 and hash = $3 and used_at is null',
          [tenant, user, hashOf(plain)],
        ),
      );
      return used.rowCount === 1;
    },
    async remove(tenant, user) {
      await database.write(scope(tenant), async (client) => {
        await client.query(
          'update user_account set totp_secret = null, totp_confirmed = false, totp_step = 0 where tenant = $1 and id = $2',
          [tenant, user],
        );
        await client.query('delete from recovery_code where tenant = $1 and user_id = $2', [tenant, user]);
      });
    },
  };
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

/** Eighty random bits: nobody guesses them, so a fast hash will do. */
function recoveryCode(): string {
  return randomBytes(10)
    .toString('hex')
    .replace(/(.{5})(?=.)/g, '$1-');
}

function hashOf(code: string): Buffer {
  return createHash('sha256').update(code.replaceAll('-', '')).digest();
}
