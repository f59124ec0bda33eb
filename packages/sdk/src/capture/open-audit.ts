import { createUuidV7Source, type CaptureReceipt, type Captured } from '@bitacora/event';
import {
  modes,
  type Audit,
  type CaptureInput,
  type CaptureOptions,
  type Mode,
  type OutboxTransaction,
} from '../audit.ts';
import { currentContext, withoutAudit } from '../context/audit-context.ts';
import type { Delivery, Health } from '../delivery.ts';
import { createEventEncoder } from './encode-event.ts';
import { createContextFiller } from './fill-from-context.ts';
import { healthOf } from './health-of.ts';
import type { Lane } from './lane.ts';
import { createLanes } from './lanes.ts';
import { writeOutbox } from './write-outbox.ts';
import { createSnapshot } from '../redact/create-snapshot.ts';
import { SdkError } from '../sdk-error.ts';
import type { Draft } from '../send/memory-feed.ts';
import type { Settings } from '../settings/settings.ts';

const timeoutDefaultMs = 5_000;
/** The last word to the server may take this long even when the time is over. */
const closingReportMinMs = 200;
const timerMaxMs = 2 ** 31 - 1;

/** What the process's end needs besides the audit itself. */
export interface OpenedAudit {
  readonly audit: Audit;
  /** Puts what is in memory into the spool, if there is one, without waiting for anything. */
  readonly spillNow: () => void;
}

/** Connects an application to its audit trail. */
export function openAudit(settings: Settings, onClosed: () => void): OpenedAudit {
  const { clock } = settings;
  const createId = createUuidV7Source({ clock });
  const snapshot = createSnapshot(settings.redact);
  const fill = createContextFiller(snapshot);
  const encode = createEventEncoder(settings);
  const lanes = createLanes(settings, encode);
  const hostActor = Object.freeze({ type: 'system', id: settings.name });
  let state: Health['state'] = 'open';
  let closed: Promise<Delivery> | undefined;

  function capture(input: CaptureInput, options?: CaptureOptions): Captured {
    const captured = take(input, options);
    // Whoever waits for it is told; whoever does not must not end by it: it is counted and told to `onError`.
    captured?.catch(() => undefined);
    return captured;
  }

  function take(input: CaptureInput, options?: CaptureOptions): Captured {
    const context = currentContext();
    if (context.paused === true) return undefined;
    const occurredAtMs = clock();
    const taken = snapshot(input);
    const own = taken.ok ? taken.event : {};
    const { mode = modeOf(own['action']), transaction } = chosen(options);
    const id = typeof own['id'] === 'string' ? own['id'] : createId();
    const lane = lanes.of(context.tenant);
    const hasNoLane = typeof lane === 'string';
    // A row of the outbox needs no key yet: whoever forwards it has one, or waits for it.
    if (hasNoLane && mode !== 'outbox') return lost(mode, id, lane);
    if (!taken.ok) {
      (hasNoLane ? lanes.withoutKey : lane).unreadable(id, taken.rejection);
      return mode === 'best_effort'
        ? undefined
        : Promise.resolve({ state: 'rejected', id, rejection: taken.rejection });
    }
    const event = fill(own, context);
    event['id'] ??= id;
    event['actor'] ??= hostActor;
    const draft = { event, occurredAtMs };
    if (hasNoLane || mode === 'outbox')
      return toOutbox(hasNoLane ? lanes.withoutKey : lane, { id, draft, transaction });
    if (state !== 'open') {
      lane.late(id);
      return mode === 'best_effort'
        ? undefined
        : Promise.reject(new SdkError('closed', 'the audit is closed', { id }));
    }
    const submission = { id, draft, bytes: taken.bytesEstimated };
    if (mode === 'best_effort') return lane.bestEffort(submission);
    return mode === 'durable' ? lane.durable(submission) : lane.strict(submission);
  }

  function modeOf(action: unknown): Mode {
    if (settings.modeOf.size === 0 || typeof action !== 'string') return settings.mode;
    let found = settings.modeOf.get(action);
    for (
      let end = action.lastIndexOf('.');
      found === undefined && end > 0;
      end = action.lastIndexOf('.', end - 1)
    )
      found = settings.modeOf.get(`${action.slice(0, end)}.*`);
    return found ?? settings.mode;
  }

  function lost(mode: Mode, id: string, reason: 'no_key' | 'too_many_tenants'): Captured {
    const error = new SdkError(reason, 'there is no connection for the tenant of the context', { id });
    lanes.lose(reason, error);
    return mode === 'best_effort' ? undefined : Promise.reject(error);
  }

  async function toOutbox(
    lane: OutboxLane,
    { id, draft, transaction }: OutboxCapture,
  ): Promise<CaptureReceipt> {
    const failed = (message: string, cause?: unknown): SdkError => {
      const error = new SdkError('outbox_failed', message, { id, cause });
      lanes.lose('outbox_failed', error);
      return error;
    };
    if (transaction === undefined) throw failed('mode outbox needs the option transaction');
    const encoded = encode(draft);
    if (!encoded.ok) {
      lane.unreadable(id, encoded.rejection);
      return { state: 'rejected', id, rejection: encoded.rejection };
    }
    try {
      await withoutAudit(() => writeOutbox(transaction, [encoded.event]));
    } catch (cause) {
      throw failed(`the outbox could not be written: ${String(cause)}`, cause);
    }
    lane.tally.outboxed += 1;
    return { state: 'outboxed', id: encoded.event.id };
  }

  const health = (): Health => healthOf(state, lanes);
  const delivery = (): Delivery => {
    const { delivered, rejected, pending, dropped, spooled } = health();
    return { delivered, rejected, pending, dropped, spooled };
  };

  /** The timer also keeps the process alive while somebody waits. */
  async function flush(timeoutMs = timeoutDefaultMs): Promise<Delivery> {
    const flushed = lanes.flush();
    await new Promise<void>((resolve) => {
      // A timer takes what is longer, as Infinity, for no time at all.
      const timer = setTimeout(resolve, Math.min(timeoutMs, timerMaxMs));
      void flushed.then(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    return delivery();
  }

  async function closeOnce(timeoutMs: number): Promise<Delivery> {
    state = 'closing';
    const until = performance.now() + timeoutMs;
    await flush(timeoutMs);
    const alive = setInterval(() => undefined, timerMaxMs);
    const leftMs = Math.max(until - performance.now(), closingReportMinMs);
    await lanes.close(leftMs);
    clearInterval(alive);
    state = 'closed';
    onClosed();
    return delivery();
  }

  return {
    audit: Object.freeze({
      ...{ capture, flush, health },
      close: (timeoutMs = timeoutDefaultMs) => (closed ??= closeOnce(Math.min(timeoutMs, timerMaxMs))),
    }),
    spillNow() {
      if (state !== 'closed') for (const lane of lanes.all()) lane.spillNow();
    },
  };
}

type OutboxLane = Pick<Lane, 'tally' | 'unreadable'>;

interface OutboxCapture {
  readonly id: string;
  readonly draft: Draft;
  readonly transaction: OutboxTransaction | undefined;
}

function chosen(options: CaptureOptions | undefined): CaptureOptions {
  try {
    const { mode, transaction } = options ?? none;
    if (transaction !== undefined) return { mode: 'outbox', transaction };
    return mode !== undefined && modes.includes(mode) ? { mode } : none;
  } catch {
    // A getter of the host's that throws says nothing, and must not reach it.
    return none;
  }
}

const none: CaptureOptions = {};
