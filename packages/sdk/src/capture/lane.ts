import type { Captured, Rejection } from '@bitacora/event';
import type { Receipt } from '../send/receipts.ts';
import type { RetryGate } from '../send/retry-gate.ts';
import type { SendReport } from '../send/source-reporter.ts';
import type { LaneMode } from './lane-modes.ts';
import type { LaneQueues, Submission } from './lane-queues.ts';
import type { Tally } from './tally.ts';

/** One instance: its numbers, its queues and its sender, for one tenant's key. */
export interface Lane {
  readonly queues: LaneQueues;
  readonly gate: RetryGate;
  readonly sendReport: SendReport;
  readonly tally: Tally;
  /** Returns what `capture` returns in this mode. */
  submit(mode: LaneMode, event: Submission): Captured;
  /** Counts an event that could not be read, or is not valid. */
  reject(id: string, rejection: Rejection): void;
  /** Counts an event that came after the close as dropped. */
  late(id: string): void;
  close(timeoutMs: number): Promise<void>;
  /** Writes the events in memory to the spool at once, if there is one, because the process ends. */
  spillNow(): void;
  lastReceipt(): Receipt | undefined;
}
