import { hash } from 'node:crypto';
import { networkOf, type Credentials, type Grant } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import type { LoopTurns } from '../loop-turns.ts';
import { createFairTurns } from './fair-turns.ts';
import { createTokenBuckets, type TokenBuckets } from './token-buckets.ts';

export interface CallLimitSettings {
  /** Undefined: no limit. */
  callerRequestsPerSecond: number | undefined;
  tenantRequestsPerSecond: number | undefined;
  addressFailuresPerSecond: number;
}

/** Keeps one caller from taking what the others need. */
export interface CallLimits {
  /** Lets `authenticate` look at the credentials, and the caller in. @throws too_many_requests, and what it throws */
  enter(credentials: Credentials, authenticate: () => Promise<Grant>): Promise<Grant>;
  /** Does the work of a request that was let in; reads in turn by tenant. @throws too_many_requests, and what it throws */
  serve<T>(grant: Grant, options: { reads: boolean }, work: () => Promise<T>): Promise<T>;
}

const keysMax = 10_000;
/**
 * This much of the server's time counts as one more request: a search of one second costs more than ten that take no time.
 */
const chargedPerMs = 50;
/**
 * As many reads at once as there are connections for reading; fewer of one tenant, so that another tenant always finds one.
 * `loop-turns.ts` decides which of them has the thread.
 */
const reads = { atOnceMax: 12, perKeyMax: 4, waitingMax: 500 };
const provenForMs = 600_000;
const proofsMax = 10_000;

export function createCallLimits(options: {
  settings: CallLimitSettings;
  /** Turns on the thread that answers. */
  turns: LoopTurns;
  /** Milliseconds of a clock that never goes back. */
  clock: () => number;
}): CallLimits {
  const { settings, turns: loop, clock } = options;
  const limited = <Key>(perSecond: number | undefined): TokenBuckets<Key> | undefined =>
    perSecond === undefined ? undefined : createTokenBuckets<Key>({ perSecond, keysMax, clock });
  const callers = limited<string>(settings.callerRequestsPerSecond);
  const tenants = limited<number>(settings.tenantRequestsPerSecond);
  const guesses = createGuessLimit(settings.addressFailuresPerSecond, clock);
  const turns = createFairTurns<number>(reads);
  const shared = createSharedTime(clock);

  return {
    async enter(credentials, authenticate) {
      const grant = await guesses.authenticate(credentials, authenticate);
      // The limit of the caller comes first: a request that it refuses takes nothing from the others of the tenant.
      refuseFor(callers?.take(callerOf(grant), 1), 'requests of this caller');
      refuseFor(tenants?.take(grant.tenant.id, 1), 'requests of this tenant');
      return grant;
    },
    async serve(grant, { reads: inTurn }, work) {
      const charged = async (): ReturnType<typeof work> => {
        const begun = shared.begin();
        try {
          return await loop.call(grant.tenant.id, { waits: inTurn }, work);
        } finally {
          const cost = Math.floor(shared.end(begun) / chargedPerMs);
          callers?.charge(callerOf(grant), cost);
          tenants?.charge(grant.tenant.id, cost);
        }
      };
      if (!inTurn) return charged();
      const answer = turns.run(grant.tenant.id, charged);
      if (answer !== undefined) return answer;
      throw new AuditError('too_many_requests', {
        retryAfterSeconds: 1,
        detail: `more than ${reads.waitingMax} questions of this tenant wait already`,
      });
    },
  };
}

/** Slows down an address whose credentials are not valid. Credentials that were valid from there stay let in. */
function createGuessLimit(
  perSecond: number,
  clock: () => number,
): { authenticate(credentials: Credentials, authenticate: () => Promise<Grant>): Promise<Grant> } {
  const failures = createTokenBuckets<string>({ perSecond, keysMax, clock });
  const proven = createProofs(clock);
  return {
    async authenticate(credentials, authenticate) {
      const secret = credentials.authorization ?? credentials.session;
      if (secret === undefined) return authenticate();
      const address = networkOf(credentials.address);
      const proof = hash('sha256', `${address}\0${secret}`, 'base64');
      // A host may begin with many requests at once, so only failures are counted.
      if (!proven.has(proof))
        refuseFor(failures.wait(address, 1), 'credentials that open nothing from this address');
      try {
        const grant = await authenticate();
        proven.add(proof);
        return grant;
      } catch (error) {
        // A caller who lacks a permission has shown who they are. An outage counts as no failure of the caller.
        if (isRefusal(error, 'forbidden')) proven.add(proof);
        if (isRefusal(error, 'unauthenticated')) {
          proven.delete(proof);
          failures.charge(address, 1);
        }
        throw error;
      }
    },
  };
}

function refuseFor(retryAfterSeconds: number | undefined, what: string): void {
  if (retryAfterSeconds !== undefined)
    throw new AuditError('too_many_requests', { retryAfterSeconds, detail: `too many ${what}` });
}

function isRefusal(error: unknown, code: 'unauthenticated' | 'forbidden'): boolean {
  return error instanceof AuditError && error.code === code;
}

function callerOf({ tenant, caller }: Grant): string {
  return `${tenant.id} ${caller.kind} ${caller.id}`;
}

/** Time shared among the calls at work: with two calls, each has half of a second. No caller pays for another's load. */
function createSharedTime(clock: () => number): { begin(): number; end(begun: number): number } {
  let passed = 0;
  let at = clock();
  let working = 0;
  const advance = (more: number): number => {
    const now = clock();
    passed += (now - at) / Math.max(1, working);
    at = now;
    working += more;
    return passed;
  };
  return { begin: () => advance(1), end: (begun) => advance(-1) - begun };
}

interface Proofs {
  has(proof: string): boolean;
  add(proof: string): void;
  delete(proof: string): void;
}

/** Hashes of valid credentials with their address. Each is kept for ten minutes after its last use. */
function createProofs(clock: () => number): Proofs {
  const until = new Map<string, number>();
  return {
    has: (proof) => (until.get(proof) ?? 0) > clock(),
    add(proof) {
      until.delete(proof);
      until.set(proof, clock() + provenForMs);
      if (until.size <= proofsMax) return;
      for (const oldest of until.keys()) {
        until.delete(oldest);
        break;
      }
    },
    delete: (proof) => void until.delete(proof),
  };
}
