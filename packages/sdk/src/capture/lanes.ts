import type { DropReason } from '../delivery.ts';
import type { EventEncoder } from './encode-event.ts';
import { createLane } from './create-lane.ts';
import type { Lane } from './lane.ts';
import { createRecovery, type Recovered } from './recovery.ts';
import { SdkError } from '../sdk-error.ts';
import { createMemoryBudget } from '../send/memory-budget.ts';
import type { Settings } from '../settings/settings.ts';
import { increase, createTally, type Tally } from './tally.ts';
import { teller } from '../host/teller.ts';

/** One lane per tenant: each has its own key, numbers and queues. They share the memory. */
export interface Lanes {
  /** Undefined: the tenant of the options' own key. */
  of(tenant: string | undefined): Lane | 'no_key' | 'too_many_tenants';
  all(): readonly Lane[];
  /** Counts what goes to the outbox for tenants that have no lane. */
  readonly withoutKey: Pick<Lane, 'tally' | 'unreadable'>;
  /** Counts and tells an event that gets into no lane. */
  lose(reason: DropReason, error: SdkError): void;
  lost(): Tally;
  recovered(): Recovered;
  pendingBytes(): number;
  /** Resolves when all that waits was sent, also what others left in the spool. */
  flush(): Promise<void>;
  close(timeoutMs: number): Promise<void>;
}

export function createLanes(settings: Settings, encode: EventEncoder): Lanes {
  const { keyOf } = settings;
  const budget = createMemoryBudget(settings.pendingBytesMax);
  const lost = createTally();
  const byTenant = new Map<string | undefined, Lane>();
  const onError = teller(settings.onError);
  const onDrop = teller(settings.onDrop);

  function open(tenant: string | undefined): Lane | 'no_key' | 'too_many_tenants' {
    if (byTenant.size >= settings.tenantsMax) return 'too_many_tenants';
    const key = tenant === undefined ? settings.key : keyFor(tenant);
    if (key === undefined || (key === '' && settings.url !== undefined)) return 'no_key';
    let known = key;
    // A key that is replaced needs no restart; where there is none any more, the last one says what the server makes of it.
    const keyNow = (): string => (known = (tenant === undefined ? undefined : keyFor(tenant)) ?? known);
    const lane = createLane({ ...{ settings, tenant, budget, encode, onError, onDrop }, key: keyNow });
    byTenant.set(tenant, lane);
    return lane;
  }

  function keyFor(tenant: string): string | undefined {
    try {
      const key: unknown = keyOf?.(tenant);
      return typeof key === 'string' && key !== '' ? key : undefined;
    } catch {
      return undefined;
    }
  }

  const of: Lanes['of'] = (tenant) => {
    const named = keyOf === undefined ? undefined : tenant;
    return byTenant.get(named) ?? open(named);
  };
  const recovery = createRecovery({ settings, laneOf: of, onError });
  return {
    of,
    all: () => [...byTenant.values()],
    withoutKey: {
      tally: lost,
      unreadable(id, { code, message, field }) {
        lost.submitted += 1;
        increase(lost.rejectedBy, code);
        onError(new SdkError('rejected', message, { id, field }));
      },
    },
    lose(reason, error) {
      lost.submitted += 1;
      increase(lost.droppedBy, reason);
      onDrop({ id: error.id, reason });
      onError(error);
    },
    lost: () => lost,
    recovered: recovery.recovered,
    pendingBytes: budget.used,
    async flush() {
      await recovery.begun();
      await Promise.all([...byTenant.values()].map((lane) => lane.flush()));
      await recovery.settled();
    },
    async close(timeoutMs) {
      recovery.stop();
      await Promise.all([...byTenant.values()].map((lane) => lane.close(timeoutMs)));
      recovery.release();
    },
  };
}
