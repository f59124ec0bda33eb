import { LRUCache } from 'lru-cache';
import { AuditError } from '../audit-error.ts';
import { fieldName } from '../query/index.ts';

export interface Quota {
  /**
   * Takes what these events cost from the tenant's allowance: one for each event, one for each `pathsPerUnit` paths that
   * `pathsOf` gives, and one for each path that is new that day. @throws too_many_requests with the seconds to wait
   */
  take(tenant: number, events: number, pathsOf?: () => Iterable<ReadonlySet<string>>): void;
}

const burstSeconds = 10;
/** A common event has a few paths; one with more costs as much as the entries whose room it takes in the index. */
const pathsPerUnit = 64;
/** Paths that are remembered for a tenant and day. Beyond it every path that is not among them is new each time. */
const pathsKnownMax = 10_000;
const tenantsKnownMax = 200;
const dayMs = 86_400_000;

/** A token bucket per tenant: `eventsPerSecond` on average, the events of ten seconds at once. Undefined: no limit. */
export function createQuota(
  eventsPerSecond: number | undefined,
  clock: () => number,
  /** Called once a day for a tenant whose paths are more than are remembered. */
  onManyPaths: (tenant: number, paths: number) => void = () => undefined,
): Quota {
  if (eventsPerSecond === undefined) return { take: () => undefined };
  const burst = eventsPerSecond * burstSeconds;
  const buckets = new Map<number, { left: number; at: number }>();
  const costOf = createPathCosts(clock, onManyPaths);
  return {
    take(tenant, events, pathsOf = () => []) {
      const cost = events + costOf(tenant, pathsOf());
      const now = clock();
      const bucket = buckets.get(tenant) ?? { left: burst, at: now };
      const left = Math.min(burst, bucket.left + ((now - bucket.at) / 1000) * eventsPerSecond);
      // A batch larger than the bucket is allowed when the bucket is full. Otherwise it could never be sent.
      const allowed = left >= Math.min(cost, burst);
      buckets.set(tenant, { left: allowed ? left - cost : left, at: now });
      if (allowed) return;
      const retryAfterSeconds = Math.max(1, Math.ceil((Math.min(cost, burst) - left) / eventsPerSecond));
      throw new AuditError('too_many_requests', {
        retryAfterSeconds,
        detail: `more than ${eventsPerSecond} events a second; each new path of attributes or context counts as one more, and so do each ${pathsPerUnit} paths of an event`,
      });
    },
  };
}

/** What the paths of events cost a tenant beyond the events themselves. */
function createPathCosts(
  clock: () => number,
  onManyPaths: (tenant: number, paths: number) => void,
): (tenant: number, events: Iterable<ReadonlySet<string>>) => number {
  const known = new LRUCache<number, { day: number; paths: Set<string> }>({ max: tenantsKnownMax });
  return (tenant, events) => {
    const day = Math.floor(clock() / dayMs);
    let ofTenant = known.get(tenant);
    if (ofTenant?.day !== day) {
      ofTenant = { day, paths: new Set() };
      known.set(tenant, ofTenant);
    }
    let cost = 0;
    for (const paths of events) {
      cost += Math.floor(paths.size / pathsPerUnit);
      for (const path of paths) {
        const short = fieldName(path);
        if (ofTenant.paths.has(short)) continue;
        cost++;
        if (ofTenant.paths.size === pathsKnownMax) continue;
        ofTenant.paths.add(short);
        if (ofTenant.paths.size === pathsKnownMax) onManyPaths(tenant, pathsKnownMax);
      }
    }
    return cost;
  };
}
