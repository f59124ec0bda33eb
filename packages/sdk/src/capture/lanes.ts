import type { DropReason } from '../delivery.ts';
import { createNotifier } from '../host/create-notifier.ts';
import type { SdkError } from '../sdk-error.ts';
import { createMemoryBudget } from '../send/memory-budget.ts';
import type { Settings } from '../settings/settings.ts';
import { createLane } from './create-lane.ts';
import type { EventEncoder } from './encode-event.ts';
import type { Lane } from './lane.ts';
import { rejectionError } from './outcome-recorder.ts';
import { createRecovery, type Recovered } from './recovery.ts';
import { createTally, increase } from './tally.ts';

/** The reasons for which a tenant has no lane. */
export type NoLane = 'no_key' | 'too_many_tenants';

/** One lane per tenant: each has its own key, numbers and queues. They share the memory. */
export interface Lanes {
  /** The lane of a tenant; undefined means the tenant of the options' own key. */
  of(tenant: string | undefined): Lane | NoLane;
  all(): readonly Lane[];
  /** Counts the events of tenants that have no lane. */
  readonly withoutLane: Pick<Lane, 'tally' | 'reject'>;
  /** Counts an event that no lane takes, and reports it to the host. */
  drop(reason: DropReason, error: SdkError): void;
  recovered(): Recovered;
  pendingBytes(): number;
  /** Resolves when all waiting events were sent, and also those that earlier instances left in the spool. */
  flush(): Promise<void>;
  close(timeoutMs: number): Promise<void>;
}

export function createLanes(settings: Settings, encode: EventEncoder): Lanes {
  const budget = createMemoryBudget(settings.pendingBytesMax);
  const tallyWithoutLane = createTally();
  const byTenant = new Map<string | undefined, Lane>();
  const onError = createNotifier(settings.onError);
  const onDrop = createNotifier(settings.onDrop);

  function open(tenant: string | undefined): Lane | NoLane {
    if (byTenant.size >= settings.tenantsMax) return 'too_many_tenants';
    const key = createKeySource(settings, tenant);
    if (key === undefined) return 'no_key';
    const lane = createLane({ settings, tenant, key, budget, encode, onError, onDrop });
    byTenant.set(tenant, lane);
    return lane;
  }

  const of: Lanes['of'] = (tenant) => {
    const named = settings.keyOf === undefined ? undefined : tenant;
    return byTenant.get(named) ?? open(named);
  };
  const recovery = createRecovery({ settings, laneOf: of, onError });
  return {
    of,
    all: () => [...byTenant.values()],
    withoutLane: {
      tally: tallyWithoutLane,
      reject(id, rejection) {
        tallyWithoutLane.submitted += 1;
        increase(tallyWithoutLane.rejectedBy, rejection.code);
        onError(rejectionError(id, rejection));
      },
    },
    drop(reason, error) {
      tallyWithoutLane.submitted += 1;
      increase(tallyWithoutLane.droppedBy, reason);
      onDrop({ id: error.id, reason });
      onError(error);
    },
    recovered: recovery.recovered,
    pendingBytes: budget.used,
    async flush() {
      await recovery.begun();
      await Promise.all([...byTenant.values()].map((lane) => lane.queues.flush()));
      await recovery.settled();
    },
    async close(timeoutMs) {
      recovery.stop();
      await Promise.all([...byTenant.values()].map((lane) => lane.close(timeoutMs)));
      recovery.release();
    },
  };
}

/** Makes the function that gives a tenant's key for each request; undefined where there is no key. */
function createKeySource(settings: Settings, tenant: string | undefined): (() => string) | undefined {
  const currentKey = (): string | undefined =>
    tenant === undefined ? settings.key : keyFrom(settings.keyOf, tenant);
  const firstKey = currentKey();
  if (firstKey === undefined || (firstKey === '' && settings.url !== undefined)) return undefined;
  let key = firstKey;
  return () => {
    // `keyOf` is called for each request, so that a replaced key needs no restart. When it has no key any more, the last
    // one is used, and the server's answer says what is wrong.
    key = currentKey() ?? key;
    return key;
  };
}

function keyFrom(keyOf: Settings['keyOf'], tenant: string): string | undefined {
  try {
    const key: unknown = keyOf?.(tenant);
    return typeof key === 'string' && key !== '' ? key : undefined;
  } catch {
    return undefined;
  }
}
