import type { AuditContext } from '../context/audit-context.ts';
import { contextFields } from '../context/context-fields.ts';
import type { Snapshot } from '../redact/create-snapshot.ts';

type Fields = Record<string, unknown>;

const nothing: Fields = {};

/**
 * Makes the function that fills the snapshot of an event from its context: the event's own fields win, attributes are
 * merged key by key. A context is copied and redacted once for events that follow each other. A context that cannot be read
 * is left out.
 */
export function createContextFiller(
  snapshot: (value: unknown) => Snapshot,
): (event: Fields, context: AuditContext) => Fields {
  // Only the last context is kept: a weak map with an entry per request costs the garbage collector more than a second copy.
  let last: AuditContext | undefined;
  let copyOfLast = nothing;

  function copyOf(context: AuditContext): Fields {
    if (context === last) return copyOfLast;
    const taken = snapshot(partsOf(context));
    last = context;
    copyOfLast = taken.ok ? readable(taken.event) : nothing;
    return copyOfLast;
  }

  return (event, context) => {
    const copy = copyOf(context);
    if (copy === nothing) return event;
    // A new object costs less than adding to the old one field after field.
    const filled: Fields = { id: event['id'], ...copy, ...event };
    for (const name in copy) if (event[name] === null || event[name] === undefined) filled[name] = copy[name];
    const shared = copy['attributes'];
    const own = event['attributes'];
    if (isObject(shared) && isObject(own)) filled['attributes'] = { ...shared, ...own };
    return filled;
  };
}

/** Leaves out attributes that are not an object: otherwise every event of the context would be rejected. */
function readable(copy: Fields): Fields {
  if (Object.keys(copy).length === 0) return nothing;
  const { attributes } = copy;
  if (attributes === undefined || isObject(attributes)) return copy;
  const { attributes: _none, ...others } = copy;
  return others;
}

/** The fields that events take from a context: `tenant` and `paused` are not among them. */
function partsOf(context: AuditContext): Fields {
  const parts: Fields = {};
  for (const name of contextFields) if (context[name] !== undefined) parts[name] = context[name];
  return parts;
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
