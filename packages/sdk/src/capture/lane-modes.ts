import type { CaptureReceipt, Captured } from '@bitacora/event';
import type { Mode } from '../audit.ts';
import { SdkError } from '../sdk-error.ts';
import type { Draft } from '../send/queued-event.ts';
import type { PendingEvent } from '../send/pending-event.ts';
import { rejectionOf } from '../send/rejection-of.ts';
import type { RetryGate } from '../send/retry-gate.ts';
import type { Judgement } from '../send/transport.ts';
import type { Settings } from '../settings/settings.ts';
import type { EventEncoder } from './encode-event.ts';
import type { LaneQueues, Submission } from './lane-queues.ts';
import type { NumberedEvent, OutcomeRecorder } from './outcome-recorder.ts';

/** The parts of a lane that its modes use. */
export interface LaneParts {
  readonly settings: Settings;
  readonly encode: EventEncoder;
  readonly gate: RetryGate;
  readonly recorder: OutcomeRecorder;
  readonly queues: LaneQueues;
  readonly onError: (error: SdkError) => void;
}

export type LaneMode = Exclude<Mode, 'outbox'>;

/** The three modes of a lane that take events. */
export const laneModes = {
  best_effort: submitBestEffort,
  durable: submitDurable,
  strict: submitStrict,
} satisfies Readonly<Record<LaneMode, (parts: LaneParts, submission: Submission) => Captured>>;

/** Keeps the event in memory. When the memory is full, the event goes to the spool, or is dropped without one. */
function submitBestEffort(parts: LaneParts, submission: Submission): undefined {
  const { recorder, queues } = parts;
  const event = recorder.submit(submission.id);
  if (queues.keep(event, submission)) return;
  if (queues.spool === undefined) {
    recorder.drop(event, 'memory_full');
    return;
  }
  const pending = encodeNow(parts, event, submission.draft);
  if ('rejection' in pending) return;
  queues.spool.append(pending, (error) => {
    if (error) recorder.drop(event, 'memory_full');
  });
}

/** Resolves when the event is synced to the disk. Rejects when the disk does not take it, unless `spool.whenFull` says otherwise. */
async function submitDurable(parts: LaneParts, submission: Submission): Promise<CaptureReceipt> {
  const { recorder, queues, settings, onError } = parts;
  const event = recorder.submit(submission.id);
  const pending = encodeNow(parts, event, submission.draft);
  if ('rejection' in pending) return pending;
  const { spool } = queues;
  if (spool === undefined) {
    recorder.drop(event, 'spool_failed');
    throw new SdkError('spool_failed', 'mode durable needs the option spool', { id: event.id });
  }
  const { id } = pending;
  return new Promise((resolve, reject) => {
    spool.append(pending, (failure) => {
      if (failure === undefined) return resolve({ state: 'spooled', id });
      const error = new SdkError(failure.code, failure.message, { id, cause: failure.cause });
      onError(error);
      if (settings.spool?.whenFull === 'best_effort' && queues.keep(event, submission))
        return resolve({ state: 'pending', id });
      recorder.drop(event, failure.code === 'spool_full' ? 'spool_full' : 'spool_failed');
      reject(error);
    });
  });
}

/** Resolves when the server has judged the event. Rejects when the judgement does not come in time, and at once while the server does not answer. */
async function submitStrict(parts: LaneParts, submission: Submission): Promise<CaptureReceipt> {
  const { recorder, queues, gate } = parts;
  const event = recorder.submit(submission.id);
  const pending = encodeNow(parts, event, submission.draft);
  if ('rejection' in pending) return pending;
  const { id } = pending;
  if (gate.isOpen() && gate.waitMs() > 0) {
    recorder.drop(event, 'unreachable');
    throw unreachableError(id, queues.sender.lastError());
  }
  const judged = queues.strict.push(pending);
  queues.sender.wake();
  const judgement = await judged;
  if (judgement === undefined) throw unreachableError(id, queues.sender.lastError());
  return receiptOf(id, judgement);
}

function receiptOf(id: string, judgement: Judgement): CaptureReceipt {
  if (judgement.state === 'sequenced')
    return { state: 'sequenced', id, index: judgement.index, leafHash: judgement.leafHash };
  const { rejection } = judgement;
  if (rejection.code === 'refused') throw new SdkError('refused', rejection.message, { id });
  return { state: 'rejected', id, rejection: rejectionOf(rejection) };
}

function unreachableError(id: string, reason: string | undefined): SdkError {
  const message = `the server did not take the event: ${reason ?? 'no answer in time'}`;
  return new SdkError('unreachable', message, { id });
}

type RejectedReceipt = Extract<CaptureReceipt, { state: 'rejected' }>;

/** Checks the event and makes it JSON within the call, for a caller who waits. Records a rejection. */
function encodeNow(
  { encode, recorder }: LaneParts,
  event: NumberedEvent,
  draft: Draft,
): PendingEvent | RejectedReceipt {
  const encoded = encode(draft);
  if (encoded.ok) return { id: encoded.event.id, sequence: event.sequence, json: encoded.json };
  const { rejection } = encoded;
  recorder.reject(event, rejection);
  return { state: 'rejected', id: event.id, rejection };
}
