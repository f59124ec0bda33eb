import type { AuditContext } from './context/audit-context.ts';
import { contextFields } from './context/context-fields.ts';
import type { Snapshot } from './redact/create-snapshot.ts';

type Fields = Record<string, unknown>;

/** A context's fields, copied and redacted; only those that are there. */
interface Copy {
  readonly fields: readonly (readonly [name: string, value: unknown])[];
  readonly attributes: Fields | undefined;
}

const nothing: Copy = { fields: [], attributes: undefined };

/**
 * Makes the function that lays the snapshot of an event over its context: the event's own fields win, attributes are
 * merged key by key. A context is copied and redacted once for all its events; what cannot be read in it is left out.
 */
export function createContextFiller(
  snapshot: (value: unknown) => Snapshot,
): (event: Fields, context: AuditContext) => void {
  const copies = new WeakMap<AuditContext, Copy>();

  function copyOf(context: AuditContext): Copy {
    const known = copies.get(context);
    if (known !== undefined) return known;
    const { tenant: _tenant, paused: _paused, ...rest } = context;
    const taken = snapshot(rest);
    const copy = taken.ok ? copied(taken.event) : nothing;
    copies.set(context, copy);
    return copy;
  }

  return (event, context) => {
    const { fields, attributes } = copyOf(context);
    for (const [name, value] of fields) event[name] ??= value;
    if (attributes === undefined) return;
    const own = event['attributes'] ?? {};
    if (isObject(own)) event['attributes'] = { ...attributes, ...own };
  };
}

function copied(copy: Fields): Copy {
  const fields = contextFields
    .map((name) => [name, copy[name]] as const)
    .filter(([, value]) => value !== undefined);
  const attributes = copy['attributes'];
  return { fields, attributes: isObject(attributes) ? attributes : undefined };
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
