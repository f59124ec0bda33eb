import type { CaptureReceipt } from '@bitacora/event';
import type { OutboxTransaction } from '../audit.ts';
import { withoutAudit } from '../context/audit-context.ts';
import { SdkError } from '../sdk-error.ts';
import type { Draft } from '../send/queued-event.ts';
import type { EventEncoder } from './encode-event.ts';
import type { Lane } from './lane.ts';
import type { Lanes } from './lanes.ts';
import { writeOutbox } from './write-outbox.ts';

export interface OutboxSubmission {
  readonly id: string;
  readonly draft: Draft;
  readonly transaction: OutboxTransaction | undefined;
  /** Counts the event: the tenant's lane, or `withoutLane`. */
  readonly lane: Pick<Lane, 'tally' | 'reject'>;
}

export type SubmitToOutbox = (submission: OutboxSubmission) => Promise<CaptureReceipt>;

/** Makes the function that writes events into the host's own transaction. */
export function createOutboxMode(lanes: Pick<Lanes, 'drop'>, encode: EventEncoder): SubmitToOutbox {
  function dropped(id: string, message: string, cause?: unknown): SdkError {
    const error = new SdkError('outbox_failed', message, { id, cause });
    lanes.drop('outbox_failed', error);
    return error;
  }

  return async ({ id, draft, transaction, lane }) => {
    if (transaction === undefined) throw dropped(id, 'mode outbox needs the option transaction');
    const encoded = encode(draft);
    if (!encoded.ok) {
      lane.reject(id, encoded.rejection);
      return { state: 'rejected', id, rejection: encoded.rejection };
    }
    try {
      await withoutAudit(() => writeOutbox(transaction, [encoded.event]));
    } catch (cause) {
      throw dropped(id, `the outbox could not be written: ${String(cause)}`, cause);
    }
    lane.tally.outboxed += 1;
    return { state: 'outboxed', id: encoded.event.id };
  };
}
