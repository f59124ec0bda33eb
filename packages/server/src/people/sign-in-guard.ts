import type { Database } from '../storage/index.ts';

/** One try to sign in: into which account, and from where. */
export interface Attempt {
  readonly tenant: number;
  /** Keyed hashes, so that the table does not show which e-mails and addresses were tried. */
  readonly account: Buffer;
  readonly address: Buffer;
  readonly both: Buffer;
  /** The account has signed in from this address before: failures from other addresses do not lock it here. */
  readonly known: boolean;
}

export interface SignInGuard {
  /** Counts an attempt before the password is checked, so that many attempts at once are counted too. */
  begin(attempt: Attempt): Promise<Begun>;
  /**
   * The password was right: forgets the failures of this account from this address, and counts one less for the account
   * and for the address.
   */
  succeeded(attempt: Attempt): Promise<void>;
}

export type Begun =
  | {
      readonly locked: false;
      /** The last attempt before the account is locked. */
      readonly last: boolean;
    }
  | { readonly locked: true; readonly retryAfterSeconds: number };

/** Failures before the first wait: of an account from one address, of an account from anywhere, of an address. */
export const failuresMax = { both: 10, account: 100, address: 100 };
const firstWaitSeconds = 60;
const waitSecondsMax = 86_400;
const forgottenAfterHours = 24;

/** Counts a failure, and locks when the limit is reached. Every further failure doubles the wait. */
const count = `insert into sign_in_failure as f (tenant, subject, failures, last_at) values ($1, $2, 1, now())
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
        // On a known address only its own failures count, so that nobody can lock a person out of the place they work from.
        if (!attempt.known)
          counted.push([attempt.account, failuresMax.account], [attempt.address, failuresMax.address]);
        const waits = await client.query<{ seconds: number }>(
          `select ceil(extract(epoch from max(locked_until) - now()))::integer as seconds from sign_in_failure
           where tenant = $1 and subject = any($2::bytea[]) and locked_until > now()`,
          [attempt.tenant, counted.map(([subject]) => subject)],
        );
        const seconds = waits.rows[0]?.seconds ?? null;
        if (seconds !== null) return { locked: true, retryAfterSeconds: Math.max(1, seconds) };
        let last = false;
        for (const [subject, most] of counted) {
          const done = await client.query<{ failures: number }>(count, [attempt.tenant, subject, most]);
          // Another attempt locked it at the same moment.
          if (done.rowCount === 0) return { locked: true, retryAfterSeconds: firstWaitSeconds };
          last ||= (done.rows[0]?.failures ?? 0) >= most;
        }
        return { locked: false, last };
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
