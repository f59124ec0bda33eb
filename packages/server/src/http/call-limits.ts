import { hash } from 'node:crypto';
import { isIPv6 } from 'node:net';
import type { Credentials, Grant } from '../access/index.ts';
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
/** So much of the server's time counts as one request more: a search that takes a second is dearer than ten that take none. */
const chargedPerMs = 50;
/**
 * As many as there are connections that read; of one tenant fewer, so that there is always one for another. Which of them has
 * the thread is decided piece by piece (`loop-turns.ts`).
 */
const reads = { atOnceMax: 12, perKeyMax: 4, waitingMax: 500 };
const knownForMs = 600_000;
const knownMax = 10_000;
const networkGroups = 4;

export function createCallLimits(options: {
  settings: CallLimitSettings;
  /** Of the thread that answers. */
  turns: LoopTurns;
  /** Milliseconds that only grow. */
  clock: () => number;
}): CallLimits {
  const { settings, turns: loop, clock } = options;
  const limited = <Key>(perSecond: number | undefined): TokenBuckets<Key> | undefined =>
    perSecond === undefined ? undefined : createTokenBuckets<Key>({ perSecond, keysMax, clock });
  const callers = limited<string>(settings.callerRequestsPerSecond);
  const tenants = limited<number>(settings.tenantRequestsPerSecond);
  const failures = createTokenBuckets<string>({
    perSecond: settings.addressFailuresPerSecond,
    ...{ keysMax, clock },
  });
  const known = createKnown(clock);
  const turns = createFairTurns<number>(reads);
  const shared = createSharedTime(clock);

  async function authenticated(credentials: Credentials, authenticate: () => Promise<Grant>): Promise<Grant> {
    const brought = credentials.authorization ?? credentials.session;
    if (brought === undefined) return authenticate();
    const address = placeOf(credentials.address);
    const proof = hash('sha256', `${address}\0${brought}`, 'base64');
    // A host that begins with many requests at once is no guesser: only what failed is counted.
    if (!known.has(proof))
      refuseFor(failures.wait(address, 1), 'credentials that open nothing from this address');
    try {
      const grant = await authenticate();
      known.add(proof);
      return grant;
    } catch (error) {
      // Whoever lacks a permission has shown who he is; and an outage is nobody's guess.
      if (isRefusal(error, 'forbidden')) known.add(proof);
      if (isRefusal(error, 'unauthenticated')) {
        known.delete(proof);
        failures.charge(address, 1);
      }
      throw error;
    }
  }

  return {
    async enter(credentials, authenticate) {
      const grant = await authenticated(credentials, authenticate);
      // The caller first: what is refused to one takes nothing from the others of its tenant.
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

/** Of IPv6 the network, which is what one subscriber has (RFC 6177): he may take any address in it. */
function placeOf(address: string): string {
  if (!isIPv6(address) || address.includes('.')) return address;
  const [head = '', tail] = address.split('::');
  const groups = head.split(':').filter((group) => group !== '');
  const rest = tail === undefined ? [] : tail.split(':').filter((group) => group !== '');
  const zeros = Array<string>(Math.max(0, 8 - groups.length - rest.length)).fill('0');
  return [...groups, ...zeros, ...rest].slice(0, networkGroups).join(':');
}

/** Time as each of those at work has it: of two, each has half of a second. A neighbour's load is not charged to anybody. */
function createSharedTime(clock: () => number): { begin(): number; end(begun: number): number } {
  let [passed, at, working] = [0, clock(), 0];
  const advance = (more: number): number => {
    const now = clock();
    passed += (now - at) / Math.max(1, working);
    at = now;
    working += more;
    return passed;
  };
  return { begin: () => advance(1), end: (begun) => advance(-1) - begun };
}

interface Known {
  has(proof: string): boolean;
  add(proof: string): void;
  delete(proof: string): void;
}

/** Hashes of credentials with the address that they were good from, for ten minutes after they were last. */
function createKnown(clock: () => number): Known {
  const until = new Map<string, number>();
  return {
    has: (proof) => (until.get(proof) ?? 0) > clock(),
    add(proof) {
      until.delete(proof);
      until.set(proof, clock() + knownForMs);
      if (until.size <= knownMax) return;
      for (const oldest of until.keys()) {
        until.delete(oldest);
        break;
      }
    },
    delete: (proof) => void until.delete(proof),
  };
}
