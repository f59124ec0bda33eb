import { randomBytes } from 'node:crypto';
import type { DroppedEvent } from '../delivery.ts';
import { SdkError } from '../sdk-error.ts';
import { connect } from '../send/connect.ts';
import type { MemoryBudget } from '../send/memory-budget.ts';
import { createRetryGate } from '../send/retry-gate.ts';
import type { Settings } from '../settings/settings.ts';
import type { EventEncoder } from './encode-event.ts';
import type { Lane } from './lane.ts';
import { submitBestEffort, submitDurable, submitStrict } from './lane-modes.ts';
import { createLaneQueues } from './lane-queues.ts';
import { createOutcomeRecorder } from './outcome-recorder.ts';

export interface LaneOptions {
  readonly settings: Settings;
  readonly tenant: string | undefined;
  /** Called for each request, so that a replaced key counts at once. */
  readonly key: () => string;
  readonly budget: MemoryBudget;
  readonly encode: EventEncoder;
  readonly onError: (error: SdkError) => void;
  readonly onDrop: (event: DroppedEvent) => void;
}

const instanceBytes = 16;

/** Puts a lane together: the connection, the recorder of outcomes, the queues, and the three modes that use them. */
export function createLane(options: LaneOptions): Lane {
  const { settings, tenant, encode, budget, onError, onDrop } = options;
  const instance = randomBytes(instanceBytes).toString('base64url');
  const gate = createRetryGate(settings);
  const { transport, sendReport, disconnect } = connect({ ...settings, key: options.key });
  const recorder = createOutcomeRecorder({ instance, settings, gate, sendReport, onError, onDrop });
  const queues = createLaneQueues({
    instance,
    tenant,
    settings,
    transport,
    gate,
    budget,
    encode,
    recorder,
    onError,
  });
  const parts = { settings, encode, gate, recorder, queues, onError };

  function closeSpool(): void {
    try {
      queues.spool?.close(recorder.reporter.report('closed'));
    } catch (cause) {
      onError(new SdkError('spool_failed', `the spool cannot be closed: ${String(cause)}`, { cause }));
    }
  }

  return {
    instance,
    tenant,
    sender: queues.sender,
    gate,
    sendReport,
    tally: recorder.tally,
    bestEffort: (submission) => submitBestEffort(parts, submission),
    durable: (submission) => submitDurable(parts, submission),
    strict: (submission) => submitStrict(parts, submission),
    unreadable: (id, rejection) => recorder.rejectUnsent(recorder.numberEvent(id), rejection),
    late: (id) => recorder.drop(recorder.numberEvent(id), 'closed'),
    flush: queues.flush,
    async close(timeoutMs) {
      await queues.stop();
      const hasSpooled = queues.pending().spooled > 0;
      closeSpool();
      // While events are left in the spool, the process that sends them says that this instance has closed.
      await recorder.reporter.close({ timeoutMs, isFinal: !hasSpooled });
      disconnect();
    },
    spillNow() {
      queues.spill();
      closeSpool();
    },
    pending: queues.pending,
    lastReceipt: recorder.lastReceipt,
  };
}
