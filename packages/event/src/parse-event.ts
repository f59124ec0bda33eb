import type { AuditEvent, Target } from './audit-event.ts';
import { eventFields } from './event-fields.ts';
import { record } from './field-readers.ts';
import { createBudget, type Budget } from './json-copy.ts';
import { limits } from './limits.ts';
import { Refusal } from './refusal.ts';
import { reject, type Rejection } from './rejections.ts';
import { utf8Length } from './utf8-length.ts';
import { uuidV7 } from './uuid-v7.ts';

export type ParsedEvent =
  { readonly ok: true; readonly event: AuditEvent } | { readonly ok: false; readonly rejection: Rejection };

const readFields = record(eventFields, { required: ['action', 'actor'] });

/**
 * Copies any JavaScript value into an event, or returns a rejection that names the field. The event shares nothing with
 * `input`. Never throws, reads each property once, and stops early at values that are too deep, endless or refer to
 * themselves. An absent `id` is filled by `createId`, an absent `actor.type` is `user`, a single `target` becomes
 * `targets`. An optional field that is `null` counts as absent, but `before` and `after` keep `null`.
 */
export function parseEvent(input: unknown, options: { createId?: () => string } = {}): ParsedEvent {
  try {
    const budget = createBudget();
    const fields = readFields(input, '', budget) as ReadFields;
    const event = complete(fields, options.createId ?? uuidV7);
    refuseExcess(event, budget);
    return { ok: true, event };
  } catch (thrown) {
    // Any other error was thrown by the input: by a getter or a proxy.
    const rejection = thrown instanceof Refusal ? thrown.toRejection() : reject('unreadable', '');
    return { ok: false, rejection };
  }
}

type ReadFields = { -readonly [Key in keyof AuditEvent]: AuditEvent[Key] } & { target?: Target };

function complete(fields: ReadFields, createId: () => string): AuditEvent {
  let event = fields;
  if (fields.target !== undefined) {
    const { target, ...rest } = fields;
    event = rest;
    if (event.targets !== undefined) throw new Refusal('conflict', 'target', 'either target or targets');
    event.targets = [target];
  }
  if (event.actor.type === undefined) event.actor = { ...event.actor, type: 'user' };
  if (event.id === undefined) event.id = createId();
  return event;
}

// A character takes at most six bytes of JSON (\u0001) and a number at most 24, so the size is measured exactly only when this
// bound exceeds the limit. The canonical form is as long as this JSON, because only the order of the keys differs.
function refuseExcess(event: AuditEvent, budget: Budget): void {
  if (budget.keys < 0) throw new Refusal('too_many_keys', '');
  const chars = limits.eventSizeMaxBytes - budget.chars;
  const values = limits.eventSizeMaxBytes / 2 - budget.units;
  const sizeAtMost = chars * 6 + values * 27 + (limits.keysMax - budget.keys) * 40 + 1_000;
  if (sizeAtMost <= limits.eventSizeMaxBytes) return;
  if (utf8Length(JSON.stringify(event)) > limits.eventSizeMaxBytes) throw new Refusal('too_large', '');
}
