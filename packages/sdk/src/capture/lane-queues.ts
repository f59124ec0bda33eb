import type { Delivery } from '../delivery.ts';
import type { SdkError } from '../sdk-error.ts';
import type { MemoryBudget } from '../send/memory-budget.ts';
import { addedBytes, createMemoryFeed, overheadBytes } from '../send/memory-feed.ts';
import type { Draft } from '../send/queued-event.ts';
import type { RetryGate } from '../send/retry-gate.ts';
import { createSender, type Sender } from '../send/sender.ts';
import { createStrictFeed, type StrictFeed } from '../send/strict-feed.ts';
import type { Transport } from '../send/transport.ts';
import type { Settings } from '../settings/settings.ts';
import { createQuarantine } from '../spool/quarantine.ts';
import { spoolFailure } from '../spool/spool-failure.ts';
import { createSpoolFeed } from '../spool/spool-feed.ts';
import { createSpool, type Spool } from '../spool/spool.ts';
import type { EventEncoder } from './encode-event.ts';
import type { NumberedEvent, OutcomeRecorder } from './outcome-recorder.ts';

/** An event that a lane is to take, with its snapshot. */
export interface Submission {
  readonly id: string;
  readonly draft: Draft;
  /** Estimated bytes in memory. */
  readonly bytes: number;
}

/** The queues of one instance, in memory and on disk, and the sender that empties them. */
export interface LaneQueues {
  readonly sender: Sender;
  readonly strict: StrictFeed;
  /** Undefined without the option `spool`. */
  readonly spool: Spool | undefined;
  /** False, and nothing is kept, when the memory has no room. */
  keep(event: NumberedEvent, submission: Submission): boolean;
  /** Moves the events in memory to the spool, if there is one. */
  spill(): void;
  /** Resolves when no event waits any more. */
  flush(): Promise<void>;
  /** Ends the sending and the writing; the events in memory go to the spool, if there is one. */
  stop(): Promise<void>;
  pending(): Pick<Delivery, 'pending' | 'spooled'> & { readonly spoolBytes: number };
}

export interface LaneQueuesOptions {
  readonly instance: string;
  readonly tenant: string | undefined;
  readonly settings: Settings;
  readonly transport: Transport;
  readonly gate: RetryGate;
  readonly budget: MemoryBudget;
  readonly encode: EventEncoder;
  readonly recorder: OutcomeRecorder;
  readonly onError: (error: SdkError) => void;
}

export function createLaneQueues(options: LaneQueuesOptions): LaneQueues {
  const { instance, settings, transport, gate, recorder, onError } = options;
  const limits = {
    eventsMax: settings.batchEventsMax,
    bytesMax: settings.batchBytesMax,
    afterMs: settings.batchAfterMs,
  };
  const sender = createSender({ transport, gate, limits, onUnreachable: onError });
  const memory = createMemoryQueue(options);
  const strict = createStrictFeed(instance, settings.strictTimeoutMs, {
    onSettled: recorder.onSettled,
    onGivenUp: (event) => recorder.drop(event, 'unreachable'),
  });
  sender.addFeed(memory);
  sender.addFeed(strict, { first: true });
  const spool = openSpool(options, sender);
  let wasFull = false;

  function spill(): void {
    try {
      if (spool !== undefined) memory.spill(spool.appendNow);
    } catch (cause) {
      onError(spoolFailure('written', cause));
    }
  }

  return {
    sender,
    strict,
    spool,
    spill,
    keep(event, submission) {
      const isKept = memory.push(waitingEvent(event, submission));
      // The timer that the first event of a batch starts is enough until the batch is full.
      const isFull = memory.isFull(limits);
      if (memory.length() === 1 || (isFull && !wasFull)) sender.wake();
      wasFull = isFull;
      return isKept;
    },
    async flush() {
      await spool?.settled();
      sender.hurry();
      await sender.emptied();
    },
    async stop() {
      strict.end();
      await sender.stop();
      await spool?.settled();
      spill();
    },
    pending() {
      const spooled = spool?.store.length() ?? 0;
      const inMemory = memory.length() + strict.length() + (spool?.underWay() ?? 0);
      return { pending: inMemory + spooled, spooled, spoolBytes: spool?.store.bytes() ?? 0 };
    },
  };
}

function createMemoryQueue({ instance, budget, encode, recorder }: LaneQueuesOptions) {
  return createMemoryFeed(instance, budget, {
    encode(event, draft) {
      const encoded = encode(draft);
      if (encoded.ok) return encoded.json;
      recorder.reject(event, encoded.rejection);
      return undefined;
    },
    onSettled: recorder.onSettled,
  });
}

function waitingEvent({ id, sequence }: NumberedEvent, { draft, bytes }: Submission) {
  return {
    id,
    sequence,
    draft,
    json: undefined,
    bytes: bytes + addedBytes + overheadBytes,
    takenAt: performance.now(),
  };
}

/** Opens the instance's own part of the spool and gives it to the sender. */
function openSpool(options: LaneQueuesOptions, sender: Sender): Spool | undefined {
  const { instance, tenant, settings, recorder, onError } = options;
  if (settings.spool === undefined) return undefined;
  const spool = createSpool({
    ...settings.spool,
    instance,
    tenant,
    onAppended: sender.wake,
    onDamaged: recorder.onDamaged,
    onTakenOver: recorder.onTakenOver,
  });
  const quarantine = createQuarantine(settings.spool);
  const feed = createSpoolFeed(instance, () => spool.store, {
    onSettled(event, judgement) {
      recorder.onSettled(event, judgement);
      quarantine.keep(event, judgement);
    },
    onError,
  });
  sender.addFeed(feed);
  return spool;
}
