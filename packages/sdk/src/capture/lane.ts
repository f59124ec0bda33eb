import type { CaptureReceipt, Rejection } from '@bitacora/event';
import type { Delivery } from '../delivery.ts';
import type { Draft } from '../send/queued-event.ts';
import type { Receipt } from '../send/receipts.ts';
import type { RetryGate } from '../send/retry-gate.ts';
import type { Sender } from '../send/sender.ts';
import type { SendReport } from '../send/source-reporter.ts';
import type { Tally } from './tally.ts';

/** An event on its way into a lane, with its snapshot. */
export interface Submission {
  readonly id: string;
  readonly draft: Draft;
  /** Estimated bytes in memory. */
  readonly bytes: number;
}

/** One instance: its numbers, its queues and its sender, for one tenant's key. */
export interface Lane {
  readonly instance: string;
  readonly tenant: string | undefined;
  readonly sender: Sender;
  readonly gate: RetryGate;
  readonly sendReport: SendReport;
  readonly tally: Tally;
  bestEffort(event: Submission): void;
  durable(event: Submission): Promise<CaptureReceipt>;
  strict(event: Submission): Promise<CaptureReceipt>;
  /** Counts an event that could not even be read. */
  unreadable(id: string, rejection: Rejection): void;
  /** Counts an event that came after the close as dropped. */
  late(id: string): void;
  flush(): Promise<void>;
  close(timeoutMs: number): Promise<void>;
  /** Writes what is in memory to the spool at once, where there is one, because the process ends. */
  spillNow(): void;
  pending(): Pick<Delivery, 'pending' | 'spooled'> & { readonly spoolBytes: number };
  lastReceipt(): Receipt | undefined;
}
