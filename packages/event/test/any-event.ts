import fc from 'fast-check';
import { actorTypes, levels, operations, outcomes, type AuditEvent } from '../src/audit-event.ts';
import { parseEvent } from '../src/parse-event.ts';

const text = fc.oneof(fc.string({ unit: 'grapheme', maxLength: 30 }), fc.emailAddress()).filter(isClean);
const id = fc.oneof(fc.emailAddress(), text).filter((value) => value.length > 0);
const json = fc.jsonValue({ maxDepth: 3, noUnicodeString: false }).map(clean);
const object = fc
  .dictionary(fc.oneof(fc.constantFrom('a', 'b', 'c', 'd', 'é', '10', '9'), text), json)
  .map(clean);
const nested = fc.record({ a: json, b: object }, { requiredKeys: [] });
const party = fc.record({ type: id, id, name: text }, { requiredKeys: [] });
const target = fc.record({ type: id, id, name: text }, { requiredKeys: ['type', 'id'] });

/** Any event that `parseEvent` accepts, with e-mail addresses, every field and every script. */
export const anyEvent: fc.Arbitrary<AuditEvent> = fc
  .record(
    {
      id: fc.constant('0195512f-7c80-7000-8000-0123456789ab'),
      action: fc.constantFrom('booking.cancel', 'a'),
      actor: fc.record(
        { type: fc.constantFrom(...actorTypes), id, name: text, email: text, role: text, onBehalfOf: party },
        { requiredKeys: ['id'] },
      ),
      operation: fc.constantFrom(...operations),
      outcome: fc.constantFrom(...outcomes),
      level: fc.constantFrom(...levels),
      module: text,
      targets: fc.array(target, { maxLength: 4 }),
      subject: fc.record({ type: id, id, name: text, email: text }, { requiredKeys: [] }),
      occurredAt: fc.constantFrom('2026-03-01T10:00:00.000Z', '0001-01-01T00:00:00Z'),
      reason: text,
      description: text,
      error: fc.record({ code: text, message: text }, { requiredKeys: [] }),
      amount: fc.constant({ value: '-12.50', currency: 'EUR' }),
      tags: fc.array(id, { maxLength: 3 }),
      durationMs: fc.double({ min: 0, max: 1e9, noNaN: true }),
      sensitive: fc.boolean(),
      reviewRequired: fc.boolean(),
      context: fc.oneof(object, nested),
      changes: fc.array(fc.record({ path: id, before: json, after: json }, { requiredKeys: ['path'] }), {
        maxLength: 3,
      }),
      attributes: fc.oneof(object, nested),
      client: fc.record(
        { ip: fc.oneof(fc.ipV4(), fc.ipV6()), userAgent: text, country: text, device: text },
        { requiredKeys: [] },
      ),
      request: fc.record(
        { method: fc.constant('GET'), url: text, status: fc.integer({ min: 100, max: 599 }) },
        { requiredKeys: [] },
      ),
      sessionId: id,
      correlationId: id,
      traceId: fc.constant('0123456789abcdef0123456789abcdef'),
      spanId: fc.constant('0123456789abcdef'),
    },
    { requiredKeys: ['id', 'action', 'actor'] },
  )
  .map((input) => parseEvent(input))
  .filter((parsed) => parsed.ok)
  .map((parsed) => parsed.event);

function isClean(value: string): boolean {
  return value.isWellFormed() && !value.includes('\0') && value !== '__proto__';
}

// -0 is 0 in JSON.
function clean<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}
