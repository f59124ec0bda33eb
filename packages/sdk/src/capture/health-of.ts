import type { DropReason, Health } from '../delivery.ts';
import type { Lane } from './lane.ts';
import type { Lanes } from './lanes.ts';
import { increase, sumOf } from './tally.ts';

/** Adds up what the lanes have counted and what waits in them. */
export function healthOf(state: Health['state'], lanes: Lanes): Health {
  const all = lanes.all();
  const tallies = [...all.map(({ tally }) => tally), lanes.withoutLane.tally];
  const sum = (count: (tally: (typeof tallies)[number]) => number): number =>
    tallies.reduce((total, tally) => total + count(tally), 0);
  const waiting = all.map((lane) => lane.pending());
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
    submitted: sum(({ submitted }) => submitted),
    delivered: sum(({ delivered }) => delivered),
    rejected: sumOf(rejectedBy),
    pending: waiting.reduce((total, { pending }) => total + pending, 0),
    dropped: sumOf(droppedBy),
    spooled: waiting.reduce((total, { spooled }) => total + spooled, 0),
    outboxed: sum(({ outboxed }) => outboxed),
    rejectedBy: Object.fromEntries(rejectedBy),
    droppedBy: Object.fromEntries(droppedBy),
    pendingBytes: lanes.pendingBytes(),
    spoolBytes: waiting.reduce((total, { spoolBytes }) => total + spoolBytes, 0),
    recovered: lanes.recovered(),
    lastAnswerAt: ageMs === undefined ? undefined : Date.now() - ageMs,
    lastAnswerAgeMs: ageMs,
    lastError: all.map(({ sender }) => sender.lastError()).find((error) => error !== undefined),
    circuit: all.some(({ gate }) => gate.isOpen()) ? 'open' : 'closed',
    lastReceipt: all.map((lane) => lane.lastReceipt()).findLast((receipt) => receipt !== undefined),
  };
}

function newestAnswer(lanes: readonly Lane[]): number | undefined {
  const answers = lanes.map(({ sender }) => sender.lastAnswerAt()).filter((at) => at !== undefined);
  return answers.length === 0 ? undefined : Math.max(...answers);
}
