import type { Audit } from '../audit.ts';
import { deliveryIn, healthOf } from './health-of.ts';
import { createTally } from './tally.ts';

const health = Object.freeze(
  healthOf('closed', {
    all: () => [],
    withoutLane: { tally: createTally() },
    pendingBytes: () => 0,
    recovered: () => ({ delivered: 0, rejected: 0, pending: 0 }),
  }),
);
const nothing = Promise.resolve(Object.freeze(deliveryIn(health)));

/** The audit of the option `disabled`: it captures nothing. */
export const disabledAudit: Audit = Object.freeze({
  capture() {},
  flush: () => nothing,
  close: () => nothing,
  health: () => health,
});
