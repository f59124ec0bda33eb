import type { Audit } from '../audit.ts';
import type { Delivery, Health } from '../delivery.ts';

const nothing: Delivery = Object.freeze({ delivered: 0, rejected: 0, pending: 0, dropped: 0, spooled: 0 });
const health: Health = Object.freeze({
  ...nothing,
  state: 'closed',
  submitted: 0,
  droppedBy: {},
  rejectedBy: {},
  pendingBytes: 0,
  spoolBytes: 0,
  outboxed: 0,
  recovered: { delivered: 0, rejected: 0, pending: 0 },
  lastAnswerAt: undefined,
  lastAnswerAgeMs: undefined,
  lastError: undefined,
  circuit: 'closed',
  lastReceipt: undefined,
});

/** The audit of the option `disabled`: it captures nothing. */
export const disabledAudit: Audit = Object.freeze({
  capture() {},
  flush: () => Promise.resolve(nothing),
  close: () => Promise.resolve(nothing),
  health: () => health,
});
