import type { Client, Database } from '../storage/index.ts';

/** An attempt to sign in, with its account and its address. */
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
   * To be called when the password was right and a code is needed as well. Takes back what `begin` counted for the account
   * and for the address. The failures of the account from this address stay, because they limit how often codes are tried.
   */
  halfSucceeded(attempt: Attempt, begun: Unlocked): Promise<void>;
  /**
   * To be called when everything was right. Forgets the failures of this account from this address, and takes back what
   * `begin` counted for the account and for the address: nothing when it counted nothing there.
   */
  succeeded(attempt: Attempt, begun: Unlocked): Promise<void>;
}

export interface Unlocked {
  readonly locked: false;
  /** If this attempt fails, the account is locked. */
  readonly isLastAttempt: boolean;
  /** What was counted for the account and for the address. */
  readonly counted: readonly Counted[];
}

export type Begun = Unlocked | { readonly locked: true; readonly retryAfterSeconds: number };

/** One failure that was counted before it is known whether the attempt fails. */
interface Counted {
  readonly subject: Buffer;
  /** The wait that this failure began, as PostgreSQL writes it; null when it began none. */
  readonly lockedUntil: string | null;
}

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
  returning failures, locked_until::text as "lockedUntil"`;

/** Takes a failure back, and ends the wait only when that failure began it. */
const takeBack = `update sign_in_failure set failures = greatest(failures - 1, 0),
    locked_until = case when locked_until = $3::timestamptz then null else locked_until end
  where tenant = $1 and subject = $2`;

export function createSignInGuard(database: Database): SignInGuard {
  return {
    begin: (attempt) =>
      database.write({ tenant: attempt.tenant, ledgers: [] }, (client) => countAttempt(client, attempt)),
    async halfSucceeded({ tenant }, { counted }) {
      await database.write({ tenant, ledgers: [] }, (client) => takeBackAll(client, tenant, counted));
    },
    async succeeded({ tenant, both }, { counted }) {
      await database.write({ tenant, ledgers: [] }, async (client) => {
        await client.query('delete from sign_in_failure where tenant = $1 and subject = $2', [tenant, both]);
        await takeBackAll(client, tenant, counted);
        await client.query(
          `delete from sign_in_failure where tenant = $1 and last_at < now() - ${forgottenAfterHours * 2} * interval '1 hour'`,
          [tenant],
        );
      });
    },
  };
}

async function countAttempt(client: Client, attempt: Attempt): Promise<Begun> {
  const { tenant, both, account, address, hasSessionHere } = attempt;
  const limits: [Buffer, number][] = [[both, failuresMax.both]];
  // Failures elsewhere do not count where the person has a session: so nobody else can lock them out there.
  if (!hasSessionHere) limits.push([account, failuresMax.account], [address, failuresMax.address]);
  const waits = await client.query<{ seconds: number }>(
    `select ceil(extract(epoch from max(locked_until) - now()))::integer as seconds from sign_in_failure
     where tenant = $1 and subject = any($2::bytea[]) and locked_until > now()`,
    [tenant, limits.map(([subject]) => subject)],
  );
  const seconds = waits.rows[0]?.seconds ?? null;
  if (seconds !== null) return { locked: true, retryAfterSeconds: Math.max(1, seconds) };
  const counted: Counted[] = [];
  let isLastAttempt = false;
  for (const [subject, limit] of limits) {
    const result = await client.query<{ failures: number; lockedUntil: string | null }>(countFailure, [
      tenant,
      subject,
      limit,
    ]);
    const row = result.rows[0];
    // Another attempt locked it at the same moment.
    if (!row) return { locked: true, retryAfterSeconds: firstWaitSeconds };
    isLastAttempt ||= row.failures >= limit;
    if (subject !== both) counted.push({ subject, lockedUntil: row.lockedUntil });
  }
  return { locked: false, isLastAttempt, counted };
}

/** One success must not clear the failures of an address that also guesses the passwords of other accounts. */
async function takeBackAll(client: Client, tenant: number, counted: readonly Counted[]): Promise<void> {
  for (const { subject, lockedUntil } of counted)
    await client.query(takeBack, [tenant, subject, lockedUntil]);
}
