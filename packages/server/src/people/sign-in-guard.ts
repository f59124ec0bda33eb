import type { Database } from '../storage/index.ts';

/** One try to sign in: into which account, and from where. */
export interface Attempt {
  readonly tenant: number;
  /** Keyed hashes, so that the table does not show which e-mails and addresses were tried. */
  readonly account: Buffer;
  readonly address: Buffer;
  readonly both: Buffer;
  /** The account has a session from this address, so failures from other addresses do not lock it here. */
  readonly hasSessionHere: boolean;
}

export interface SignInGuard {
  /** Counts an attempt before the password is checked, so that many attempts at once are counted too. */
  begin(attempt: Attempt): Promise<Begun>;
  /**
   * To be called when the password was right. Forgets the failures of this account from this address, and subtracts one
   * from those of the account and from those of the address.
   */
  succeeded(attempt: Attempt): Promise<void>;
}

export type Begun =
  | {
      readonly locked: false;
      /** If this attempt fails, the account is locked. */
      readonly isLastAttempt: boolean;
    }
  | { readonly locked: true; readonly retryAfterSeconds: number };

/**
 * Failures before the first wait. `both` counts those of an account from one address, `account` those of an account from all
 * addresses, `address` those of an address for all accounts.
 */
export const failuresMax = { both: 10, account: 100, address: 100 };
const firstWaitSeconds = 60;
const waitSecondsMax = 86_400;
const forgottenAfterHours = 24;

/** Counts a failure, and locks when the limit is reached. Every further failure doubles the wait. */
const countFailure = `insert into sign_in_failure as f (tenant, subject, failures, last_at) values ($1, $2, 1, now())
  on conflict (tenant, subject) do update set last_at = now(),
    failures = case when f.last_at < now() - ${forgottenAfterHours} * interval '1 hour' then 1 else f.failures + 1 end,
    locked_until = case when f.last_at >= now() - ${forgottenAfterHours} * interval '1 hour' and f.failures + 1 >= $3
      then now() + least(${waitSecondsMax}, ${firstWaitSeconds} * power(2, least(f.failures + 1 - $3, 20))) * interval '1 second' end
  where f.locked_until is null or f.locked_until <= now()
  returning failures`;

export function createSignInGuard(database: Database): SignInGuard {
  return {
    begin: (attempt) =>
      database.write({ tenant: attempt.tenant, ledgers: [] }, async (client) => {
        const counted: [Buffer, number][] = [[attempt.both, failuresMax.both]];
        // Failures elsewhere do not count where the person has a session: so nobody else can lock them out there.
        if (!attempt.hasSessionHere)
          counted.push([attempt.account, failuresMax.account], [attempt.address, failuresMax.address]);
        const waits = await client.query<{ seconds: number }>(
          `select ceil(extract(epoch from max(locked_until) - now()))::integer as seconds from sign_in_failure
           where tenant = $1 and subject = any($2::bytea[]) and locked_until > now()`,
          [attempt.tenant, counted.map(([subject]) => subject)],
        );
        const seconds = waits.rows[0]?.seconds ?? null;
        if (seconds !== null) return { locked: true, retryAfterSeconds: Math.max(1, seconds) };
        let isLastAttempt = false;
        for (const [subject, limit] of counted) {
          const row = await client.query<{ failures: number }>(countFailure, [
            attempt.tenant,
            subject,
            limit,
          ]);
          // Another attempt locked it at the same moment.
          if (row.rowCount === 0) return { locked: true, retryAfterSeconds: firstWaitSeconds };
          isLastAttempt ||= (row.rows[0]?.failures ?? 0) >= limit;
        }
        return { locked: false, isLastAttempt };
      }),
    async succeeded({ tenant, account, address, both }) {
      await database.write({ tenant, ledgers: [] }, async (client) => {
        await client.query('delete from sign_in_failure where tenant = $1 and subject = $2', [tenant, both]);
        // One success must not clear the failures of an address that also guesses the passwords of other accounts.
        await client.query(
          `update sign_in_failure set failures = greatest(failures - 1, 0), locked_until = null
           where tenant = $1 and subject = any($2::bytea[])`,
          [tenant, [account, address]],
        );
        await client.query(
          `delete from sign_in_failure where tenant = $1 and last_at < now() - ${forgottenAfterHours * 2} * interval '1 hour'`,
          [tenant],
        );
      });
    },
  };
}
