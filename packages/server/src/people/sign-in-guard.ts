import type { Database } from '../storage/index.ts';

/** Who tries to sign in, and from where. */
export interface Attempt {
  readonly tenant: number;
  /** Keyed hashes: the table tells nothing of accounts that do not exist. */
  readonly account: Buffer;
  readonly address: Buffer;
  readonly both: Buffer;
  /** The account has signed in from here before: what others do elsewhere does not keep it out. */
  readonly known: boolean;
}

export interface SignInGuard {
  /** Counts an attempt before the password is looked at, so that many at once cannot slip through. */
  begin(attempt: Attempt): Promise<Begun>;
  /** It was the right password: what was counted is forgotten. */
  succeeded(attempt: Attempt): Promise<void>;
}

export type Begun =
  | {
      readonly locked: false;
      /** If this one fails, too, the account is locked from here. */ readonly last: boolean;
    }
  | { readonly locked: true; readonly retryAfterSeconds: number };

/** Failures before the first wait: of an account from one address, of an account from anywhere, of an address. */
export const failuresMax = { both: 10, account: 100, address: 100 };
const firstWaitSeconds = 60;
const waitSecondsMax = 86_400;
const forgottenAfterHours = 24;

/** Every failure beyond the limit doubles the wait. */
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
        // What others try, on the account from elsewhere or on other accounts from here, keeps nobody out of his own.
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
          // Another attempt at the same moment locked it.
          if (done.rowCount === 0) return { locked: true, retryAfterSeconds: firstWaitSeconds };
          last ||= (done.rows[0]?.failures ?? 0) >= most;
        }
        return { locked: false, last };
      }),
    async succeeded({ tenant, account, address, both }) {
      await database.write({ tenant, ledgers: [] }, async (client) => {
        await client.query('delete from sign_in_failure where tenant = $1 and subject = $2', [tenant, both]);
        // One's own right password must not clean the slate of an address that guesses others'.
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
