import { AuditError } from '../audit-error.ts';

export interface Quota {
  /** Takes `events` from the tenant's allowance. @throws too_many_requests with the seconds to wait */
  take(tenant: number, events: number): void;
}

/** A token bucket per tenant: `eventsPerSecond` on average, the events of ten seconds at once. Undefined: no limit. */
export function createQuota(eventsPerSecond: number | undefined, clock: () => number): Quota {
  if (eventsPerSecond === undefined) return { take: () => undefined };
  const burst = eventsPerSecond * 10;
  const buckets = new Map<number, { left: number; at: number }>();
  return {
    take(tenant, events) {
      const now = clock();
      const bucket = buckets.get(tenant) ?? { left: burst, at: now };
      const left = Math.min(burst, bucket.left + ((now - bucket.at) / 1000) * eventsPerSecond);
      // A batch larger than the bucket is allowed when the bucket is full. Otherwise it could never be sent.
      const allowed = left >= Math.min(events, burst);
      buckets.set(tenant, { left: allowed ? left - events : left, at: now });
      if (allowed) return;
      const retryAfterSeconds = Math.max(1, Math.ceil((Math.min(events, burst) - left) / eventsPerSecond));
      throw new AuditError('too_many_requests', {
        retryAfterSeconds,
        detail: `more than ${eventsPerSecond} events a second`,
      });
    },
  };
}
