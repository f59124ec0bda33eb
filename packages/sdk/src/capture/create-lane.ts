import { randomBytes } from 'node:crypto';
import type { DroppedEvent } from '../delivery.ts';
import type { SdkError } from '../sdk-error.ts';
import { connect } from '../send/connect.ts';
import type { MemoryBudget } from '../send/memory-budget.ts';
import { createRetryGate } from '../send/retry-gate.ts';
import type { Settings } from '../settings/settings.ts';
import { spoolFailure } from '../spool/spool-failure.ts';
import type { EventEncoder } from './encode-event.ts';
import type { Lane } from './lane.ts';
import { laneModes } from './lane-modes.ts';
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

/** Makes a lane of the connection, the recorder of outcomes, the queues, and the three modes that use them. */
export function createLane(options: LaneOptions): Lane {
  const { settings, onError } = options;
  const instance = randomBytes(instanceBytes).toString('base64url');
  const gate = createRetryGate(settings);
  const { transport, sendReport, disconnect } = connect({ ...settings, key: options.key });
  const recorder = createOutcomeRecorder({ ...options, instance, gate, sendReport });
  const queues = createLaneQueues({ ...options, instance, transport, gate, recorder });
  const parts = { ...options, gate, recorder, queues };

  function closeSpool(): void {
    try {
      queues.spool?.close(recorder.reporter.report('closed'));
    } catch (cause) {
      onError(spoolFailure('closed', cause));
    }
  }

  return {
    queues,
    gate,
    sendReport,
    tally: recorder.tally,
    submit: (mode, submission) => laneModes[mode](parts, submission),
    reject: (id, rejection) => recorder.reject(recorder.submit(id), rejection),
    late: (id) => recorder.drop(recorder.submit(id), 'closed'),
    async close(timeoutMs) {
      await queues.stop();
      const hasSpooled = queues.pending().spooled > 0;
      closeSpool();
      // When events are left in the spool, the process that sends them later reports that this instance has closed.
      await recorder.reporter.close({ timeoutMs, isFinal: !hasSpooled });
      disconnect();
    },
    spillNow() {
      queues.spill();
      closeSpool();
    },
    lastReceipt: recorder.lastReceipt,
  };
}
