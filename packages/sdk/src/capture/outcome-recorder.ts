import type { Rejection } from '@bitacora/event';
import type { DropReason, DroppedEvent } from '../delivery.ts';
import { SdkError } from '../sdk-error.ts';
import type { PendingEvent } from '../send/pending-event.ts';
import { createReceipts, type Receipt } from '../send/receipts.ts';
import type { RetryGate } from '../send/retry-gate.ts';
import { createSequenceRanges } from '../send/sequence-ranges.ts';
import { createSourceReporter, type SendReport, type SourceReporter } from '../send/source-reporter.ts';
import type { Judgement } from '../send/transport.ts';
import type { Settings } from '../settings/settings.ts';
import { createTally, increase, sumOf, type Tally } from './tally.ts';

/** An event that was counted and has its number. */
export type NumberedEvent = Pick<PendingEvent, 'id' | 'sequence'>;

/** Records the outcome of each event of an instance in its counts, in its reports to the server, and for the host. */
export interface OutcomeRecorder {
  readonly tally: Tally;
  readonly reporter: SourceReporter;
  /** Counts an event as submitted and gives it the next number. The first event starts the reports. */
  submit(id: string): NumberedEvent;
  /** Records how the server judged an event. */
  onSettled(event: PendingEvent, judgement: Judgement): void;
  /** Records an event that was rejected before it was sent. */
  reject(event: NumberedEvent, rejection: Rejection): void;
  drop(event: NumberedEvent, reason: DropReason): void;
  /** Records events that the spool can no longer read. */
  onDamaged(damage: { readonly bytes: number; readonly events: number }): void;
  /** Records spooled events that another process took over and sends. */
  onTakenOver(events: number): void;
  lastReceipt(): Receipt | undefined;
}

export interface OutcomeRecorderOptions {
  readonly instance: string;
  readonly settings: Pick<Settings, 'name' | 'clock' | 'reportEveryMs'>;
  readonly gate: RetryGate;
  readonly sendReport: SendReport;
  readonly onError: (error: SdkError) => void;
  readonly onDrop: (event: DroppedEvent) => void;
}

export function createOutcomeRecorder(options: OutcomeRecorderOptions): OutcomeRecorder {
  const { instance, settings, gate, onError, onDrop } = options;
  const tally = createTally();
  const unsent = createSequenceRanges();
  const receipts = createReceipts();
  const reporter = createSourceReporter({
    instance,
    unsent,
    gate,
    name: settings.name,
    clock: settings.clock,
    everyMs: settings.reportEveryMs,
    send: options.sendReport,
    count: () => ({
      submitted: tally.submitted,
      rejected: sumOf(tally.rejectedBy),
      dropped: Object.fromEntries(tally.droppedBy),
    }),
  });

  return {
    tally,
    reporter,
    submit(id) {
      tally.submitted += 1;
      if (tally.submitted === 1) reporter.start();
      return { id, sequence: tally.submitted };
    },
    onSettled(event, judgement) {
      if (judgement.state === 'rejected') {
        const { code } = judgement.rejection;
        increase(tally.rejectedBy, code);
        // The server keeps no record of the events of a request that it refused as a whole.
        if (code === 'refused') unsent.add(event.sequence);
        return onError(rejectionError(event.id, judgement.rejection));
      }
      tally.delivered += 1;
      const receipt = { id: event.id, index: judgement.index, leafHash: judgement.leafHash };
      if (!receipts.add(receipt)) onError(changedReceiptError(receipt));
    },
    reject({ id, sequence }, rejection) {
      increase(tally.rejectedBy, rejection.code);
      unsent.add(sequence);
      onError(rejectionError(id, rejection));
    },
    drop({ id, sequence }, reason) {
      increase(tally.droppedBy, reason);
      unsent.add(sequence);
      onDrop({ id, reason });
    },
    onDamaged({ bytes, events }) {
      if (events > 0) increase(tally.droppedBy, 'spool_damaged', events);
      const message = `${events} events (${bytes} bytes) of the spool are not what was written`;
      onError(new SdkError('spool_damaged', message));
    },
    onTakenOver: (events) => increase(tally.droppedBy, 'taken_over', events),
    lastReceipt: receipts.last,
  };
}

type RejectionOfEvent = Extract<Judgement, { state: 'rejected' }>['rejection'];

/** The error that `onError` gets for a rejected event. */
export function rejectionError(id: string, { code, message, field }: RejectionOfEvent): SdkError {
  return new SdkError(code === 'refused' ? 'refused' : 'rejected', message, { id, field });
}

function changedReceiptError({ id, index, leafHash }: Receipt): SdkError {
  const message = `the server reports another place for the event: ${index} ${leafHash}`;
  return new SdkError('receipt_changed', message, { id });
}
