import { actorTypes, levels, operations, outcomes, type EventInput, type EventView } from '@bitacora/event';
import { z } from 'zod';

/*
 * The schema of an event for the OpenAPI description. `packages/event` reads and checks events; the two type checks at the
 * end fail to compile when a field is added there and not here.
 */

const text = z.string();
const json: z.ZodType<unknown> = z.unknown();
const object = z.record(text, json);

const party = z.object({ type: text.optional(), id: text.optional(), name: text.optional() });
const target = z.object({ type: text, id: text, name: text.optional() });
const actorFields = {
  id: text,
  name: text.optional(),
  email: text.optional(),
  role: text.optional(),
  onBehalfOf: party.optional(),
};

/** All fields except `id` and `actor`, whose schemas differ between events that are sent and events that are shown. */
const fields = {
  action: text.describe('What was done, as noun.verb: invoice.approve'),
  operation: z.enum(operations).optional(),
  outcome: z.enum(outcomes).optional(),
  level: z.enum(levels).optional(),
  module: text.optional(),
  targets: z.array(target).optional().describe('What it was done to; the first is the primary one'),
  subject: party.extend({ email: text.optional() }).optional().describe('Whom it concerns'),
  occurredAt: text.optional().describe('By the clock of the host, RFC 3339'),
  reason: text.optional(),
  description: text.optional(),
  error: z.object({ code: text.optional(), message: text.optional() }).optional(),
  amount: z.object({ value: text.describe('A decimal such as -12.50'), currency: text }).optional(),
  tags: z.array(text).optional(),
  durationMs: z.number().optional(),
  sensitive: z.boolean().optional(),
  reviewRequired: z.boolean().optional(),
  context: object.optional(),
  changes: z
    .array(z.object({ path: text, before: json.optional(), after: json.optional() }))
    .optional()
    .describe('Fields before and after; an absent before means that there was no value'),
  attributes: object.optional(),
  client: z
    .object({
      ip: text.optional(),
      userAgent: text.optional(),
      country: text.optional(),
      device: text.optional(),
    })
    .optional(),
  request: z.object({ method: text.optional(), url: text.optional(), status: z.int().optional() }).optional(),
  sessionId: text.optional(),
  correlationId: text.optional(),
  traceId: text.optional(),
  spanId: text.optional(),
};

/** An event as answers show it, with the personal values that still exist. */
export const eventView = z
  .object({
    id: text.describe('UUIDv7'),
    ...fields,
    actor: z.object({ type: z.enum(actorTypes), ...actorFields }).describe('Who did it'),
    erased: z
      .array(z.enum(['actor', 'subject', 'text']))
      .optional()
      .describe('Groups of personal values that were erased'),
  })
  .meta({ id: 'Event' });

/** An event as a host sends it. */
export const eventInput = z
  .object({
    id: text.optional().describe('UUIDv7; the same id again is the same event'),
    ...fields,
    actor: z.object({ type: z.enum(actorTypes).optional(), ...actorFields }).describe('Who did it'),
    target: target.optional().describe('Short form of a single member of targets'),
  })
  .meta({ id: 'EventInput' });

/** An event in its place, as lists show it. */
export const entryView = z
  .object({
    index: z.int(),
    id: text,
    ledger: text,
    ingestedAt: text.describe('By the clock of the server'),
    event: eventView,
    altered: z
      .array(text)
      .optional()
      .describe('Groups of personal values that differ from their commitments'),
  })
  .meta({ id: 'Entry' });

type SameFields<A, B> = [keyof A] extends [keyof B] ? ([keyof B] extends [keyof A] ? true : never) : never;
true satisfies SameFields<z.infer<typeof eventView>, EventView>;
true satisfies SameFields<z.infer<typeof eventInput>, EventInput>;
