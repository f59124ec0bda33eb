import { randomBytes } from 'node:crypto';
import type { Rejection } from '@bitacora/event';
import type { DropReason, DroppedEvent } from '../delivery.ts';
import type { EventEncoder } from './encode-event.ts';
import type { Lane, Submission } from './lane.ts';
import { SdkError } from '../sdk-error.ts';
import { connect } from '../send/connect.ts';
import { rejectionOf } from '../send/rejection-of.ts';
import { addedBytes, createMemoryFeed, overheadBytes, type Draft } from '../send/memory-feed.ts';
import type { MemoryBudget } from '../send/memory-budget.ts';
import type { PendingEvent } from '../send/pending-event.ts';
import { createReceipts } from '../send/receipts.ts';
import { createRetryGate } from '../send/retry-gate.ts';
import { createSender } from '../send/sender.ts';
import { createSequenceRanges } from '../send/sequence-ranges.ts';
import { createSourceReporter } from '../send/source-reporter.ts';
import { createStrictFeed } from '../send/strict-feed.ts';
import type { Judgement } from '../send/transport.ts';
import type { Settings } from '../settings/settings.ts';
import { createQuarantine } from '../spool/quarantine.ts';
import { createSpoolFeed } from '../spool/spool-feed.ts';
import { createSpool } from '../spool/spool.ts';
import { increase, createTally, sumOf } from './tally.ts';

export interface LaneOptions {
  readonly settings: Settings;
  readonly tenant: string | undefined;
  /** As it is by now. */
  readonly key: () => string;
  readonly budget: MemoryBudget;
  readonly encode: EventEncoder;
  readonly onError: (error: SdkError) => void;
  readonly onDrop: (event: DroppedEvent) => void;
}

const instanceBytes = 16;

export function createLane({ settings, tenant, key, budget, encode, onError, onDrop }: LaneOptions): Lane {
  const instance = randomBytes(instanceBytes).toString('base64url');
  const tally = createTally();
  const unsent = createSequenceRanges();
  const receipts = createReceipts();
  const gate = createRetryGate(settings);
  const { transport, sendReport, disconnect } = connect({ ...settings, key });
  const limits = {
    eventsMax: settings.batchEventsMax,
    bytesMax: settings.batchBytesMax,
    afterMs: settings.batchAfterMs,
  };
  const sender = createSender({
    transport,
    gate,
    limits,
    onUnreachable: onError,
  });
  const reporter = createSourceReporter({
    ...{ instance, unsent, gate, clock: settings.clock, name: settings.name },
    everyMs: settings.reportEveryMs,
    send: sendReport,
    count: () => ({
      submitted: tally.submitted,
      rejected: sumOf(tally.rejectedBy),
      dropped: Object.fromEntries(tally.droppedBy),
    }),
  });

  function settle(event: PendingEvent, judgement: Judgement): void {
    const { id } = event;
    if (judgement.state === 'rejected') return reject(event, judgement.rejection);
    tally.delivered += 1;
    const { index, leafHash } = judgement;
    if (!receipts.note({ id, index, leafHash }))
      onError(
        new SdkError(
          'receipt_changed',
          `the server tells another place for the event: ${index} ${leafHash}`,
          { id },
        ),
      );
  }
  function reject({ id, sequence }: Numbered, rejection: RejectedBy): void {
    increase(tally.rejectedBy, rejection.code);
    const refused = rejection.code === 'refused';
    // The server has no record of what was refused here, or with its whole request.
    if (refused || rejection.here === true) unsent.add(sequence);
    const code = refused ? 'refused' : 'rejected';
    onError(new SdkError(code, rejection.message, { id, field: rejection.field }));
  }
  function drop({ id, sequence }: Numbered, reason: DropReason): void {
    increase(tally.droppedBy, reason);
    unsent.add(sequence);
    onDrop({ id, reason });
  }
  function numbered(id: string): Numbered {
    tally.submitted += 1;
    if (tally.submitted === 1) reporter.start();
    return { id, sequence: tally.submitted };
  }

  const memory = createMemoryFeed(instance, budget, {
    encode(event, draft) {
      const encoded = encode(draft);
      if (encoded.ok) return encoded.json;
      reject(event, { ...encoded.rejection, here: true });
      return undefined;
    },
    onSettled: settle,
  });
  const strict = createStrictFeed(instance, settings.strictTimeoutMs, {
    onSettled: settle,
    onGivenUp: (event) => drop(event, 'unreachable'),
  });
  const spool =
    settings.spool &&
    createSpool({
      ...settings.spool,
      ...{ instance, tenant, onAppended: sender.wake },
      onDamaged({ bytes, events }) {
        if (events > 0) increase(tally.droppedBy, 'spool_damaged', events);
        onError(
          new SdkError(
            'spool_damaged',
            `${events} events (${bytes} bytes) of the spool are not what was written`,
          ),
        );
      },
      onTakenOver: (events) => increase(tally.droppedBy, 'taken_over', events),
    });
  sender.addFeed(memory);
  sender.addFeed(strict, { first: true });
  if (spool && settings.spool) {
    const quarantine = createQuarantine(settings.spool);
    const onSettled = (event: PendingEvent, judgement: Judgement): void => {
      settle(event, judgement);
      quarantine.keep(event, judgement);
    };
    sender.addFeed(createSpoolFeed(instance, () => spool.store, { onSettled, onError }));
  }

  let wasFull = false;
  function keep(event: Numbered, { draft, bytes }: Submission): boolean {
    const kept = memory.push({
      id: event.id,
      sequence: event.sequence,
      draft,
      json: undefined,
      bytes: bytes + addedBytes + overheadBytes,
      takenAt: performance.now(),
    });
    // While a batch fills up, the timer of its first event is enough.
    const isFull = memory.isFull(limits);
    if (memory.length() === 1 || (isFull && !wasFull)) sender.wake();
    wasFull = isFull;
    return kept;
  }
  /** The event as JSON, in a mode whose caller waits; undefined when it was rejected. */
  function pendingOf(event: Numbered, draft: Draft): PendingEvent | Rejection {
    const encoded = encode(draft);
    if (encoded.ok) return { id: encoded.event.id, sequence: event.sequence, json: encoded.json };
    reject(event, { ...encoded.rejection, here: true });
    return encoded.rejection;
  }
  /** What memory has no room for. */
  function overflow(event: Numbered, submission: Submission): void {
    if (spool === undefined) return drop(event, 'memory_full');
    const pending = pendingOf(event, submission.draft);
    if ('code' in pending) return;
    spool.append(pending, (error) => {
      if (error) drop(event, 'memory_full');
    });
  }

  return {
    ...{ instance, tenant, sender, gate, sendReport, tally },
    bestEffort(submission) {
      const event = numbered(submission.id);
      if (!keep(event, submission)) overflow(event, submission);
    },
    durable(submission) {
      const event = numbered(submission.id);
      const pending = pendingOf(event, submission.draft);
      if ('code' in pending) return Promise.resolve({ state: 'rejected', id: event.id, rejection: pending });
      if (spool === undefined) {
        drop(event, 'spool_failed');
        return Promise.reject(new SdkError('spool_failed', 'mode durable needs the option spool', event));
      }
      return new Promise((resolve, refuse) => {
        spool.append(pending, (error) => {
          if (error === undefined) return resolve({ state: 'spooled', id: pending.id });
          onError(new SdkError(error.code, error.message, { id: pending.id, cause: error.cause }));
          if (settings.spool?.whenFull === 'best_effort' && keep(event, submission))
            return resolve({ state: 'pending', id: pending.id });
          drop(event, error.code === 'spool_full' ? 'spool_full' : 'spool_failed');
          refuse(new SdkError(error.code, error.message, { id: pending.id, cause: error.cause }));
        });
      });
    },
    async strict(submission) {
      const event = numbered(submission.id);
      const pending = pendingOf(event, submission.draft);
      if ('code' in pending) return { state: 'rejected', id: event.id, rejection: pending };
      const { id } = pending;
      const unreachable = (): SdkError =>
        new SdkError(
          'unreachable',
          `the server did not take the event: ${sender.lastError() ?? 'no answer in time'}`,
          { id },
        );
      if (gate.isOpen() && gate.waitMs() > 0) {
        drop(event, 'unreachable');
        throw unreachable();
      }
      const judged = strict.push(pending);
      sender.wake();
      const judgement = await judged;
      if (judgement === undefined) throw unreachable();
      if (judgement.state === 'rejected') {
        const { rejection } = judgement;
        if (rejection.code === 'refused') throw new SdkError('refused', rejection.message, { id });
        return { state: 'rejected', id, rejection: rejectionOf(rejection) };
      }
      const { index, leafHash } = judgement;
      return { state: 'sequenced', id, index, leafHash };
    },
    unreadable(id, rejection) {
      reject(numbered(id), { ...rejection, here: true });
    },
    late(id) {
      drop(numbered(id), 'closed');
    },
    async flush() {
      await spool?.settled();
      sender.hurry();
      await sender.emptied();
    },
    async close(timeoutMs) {
      strict.end();
      await sender.stop();
      await spool?.settled();
      spill();
      const spooled = spool?.store.length() ?? 0;
      leaveSpool();
      await reporter.close({ timeoutMs, tell: spooled === 0 });
      disconnect();
    },
    spillNow() {
      spill();
      leaveSpool();
    },
    pending() {
      const spooled = spool?.store.length() ?? 0;
      const underWay = spool?.underWay() ?? 0;
      return {
        pending: memory.length() + strict.length() + spooled + underWay,
        ...{ spooled, spoolBytes: spool?.store.bytes() ?? 0 },
      };
    },
    lastReceipt: receipts.last,
  };

  function leaveSpool(): void {
    try {
      spool?.close(reporter.report('closed'));
    } catch (cause) {
      onError(new SdkError('spool_failed', `the spool cannot be closed: ${String(cause)}`, { cause }));
    }
  }
  function spill(): void {
    if (spool === undefined) return;
    try {
      memory.spill(spool.appendNow);
    } catch (cause) {
      onError(new SdkError('spool_failed', `the spool cannot be written: ${String(cause)}`, { cause }));
    }
  }
}

type Numbered = Pick<PendingEvent, 'id' | 'sequence'>;
type RejectedBy = Extract<Judgement, { state: 'rejected' }>['rejection'] & { readonly here?: true };
