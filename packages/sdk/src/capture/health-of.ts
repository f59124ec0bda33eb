import type { Delivery, DropReason, Health } from '../delivery.ts';
import type { Lane } from './lane.ts';
import type { Lanes } from './lanes.ts';
import { increase, sumOf } from './tally.ts';

/** The part of the lanes that is counted. */
export interface CountedLanes extends Pick<Lanes, 'all' | 'pendingBytes' | 'recovered'> {
  readonly withoutLane: Pick<Lanes['withoutLane'], 'tally'>;
}

/** Adds up what the lanes have counted and what waits in them. */
export function healthOf(state: Health['state'], lanes: CountedLanes): Health {
  const all = lanes.all();
  const tallies = [...all.map(({ tally }) => tally), lanes.withoutLane.tally];
  const waiting = all.map((lane) => lane.queues.pending());
  const rejectedBy = new Map<string, number>();
  const droppedBy = new Map<DropReason, number>();
  for (const tally of tallies) {
    for (const [code, count] of tally.rejectedBy) increase(rejectedBy, code, count);
    for (const [reason, count] of tally.droppedBy) increase(droppedBy, reason, count);
  }
  const newest = newestAnswer(all);
  const ageMs = newest && performance.now() - newest;
  return {
    state,
    submitted: sum(tallies, ({ submitted }) => submitted),
    delivered: sum(tallies, ({ delivered }) => delivered),
    rejected: sumOf(rejectedBy),
    pending: sum(waiting, ({ pending }) => pending),
    dropped: sumOf(droppedBy),
    spooled: sum(waiting, ({ spooled }) => spooled),
    outboxed: sum(tallies, ({ outboxed }) => outboxed),
    rejectedBy: Object.fromEntries(rejectedBy),
    droppedBy: Object.fromEntries(droppedBy),
    pendingBytes: lanes.pendingBytes(),
    spoolBytes: sum(waiting, ({ spoolBytes }) => spoolBytes),
    recovered: lanes.recovered(),
    lastAnswerAt: ageMs === undefined ? undefined : Date.now() - ageMs,
    lastAnswerAgeMs: ageMs,
    lastError: all.map(({ queues }) => queues.sender.lastError()).find((error) => error !== undefined),
    circuit: all.some(({ gate }) => gate.isOpen()) ? 'open' : 'closed',
    lastReceipt: all.map((lane) => lane.lastReceipt()).findLast((receipt) => receipt !== undefined),
  };
}

function newestAnswer(lanes: readonly Lane[]): number | undefined {
  const answers = lanes.map(({ queues }) => queues.sender.lastAnswerAt()).filter((at) => at !== undefined);
  return answers.length === 0 ? undefined : Math.max(...answers);
}

export function deliveryIn({ delivered, rejected, pending, dropped, spooled }: Health): Delivery {
  return { delivered, rejected, pending, dropped, spooled };
}

function sum<Part>(parts: readonly Part[], numberOf: (part: Part) => number): number {
  return parts.reduce((total, part) => total + numberOf(part), 0);
}
