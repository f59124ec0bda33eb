import type { AuditEvent, JsonObject, JsonValue } from './audit-event.ts';
import { groupNames, type GroupName } from './personal.ts';
import type { Groups, OpenEvent } from './separate.ts';

/** The event for readers, with the values that still exist; `erased` lists the groups whose values were erased. */
export type EventView = AuditEvent & { readonly erased?: readonly GroupName[] };

/** Joins an event with its personal values; the inverse of `separate` while nothing is erased. Changes neither argument. */
export function join(open: OpenEvent, groups: Groups, erased: readonly GroupName[] = []): EventView {
  let view: JsonObject = open as unknown as JsonObject;
  for (const name of groupNames) {
    const values = groups[name];
    if (values !== undefined && !erased.includes(name)) view = mergeObjects(view, values);
  }
  const event = view as unknown as AuditEvent;
  return erased.length === 0 ? event : { ...event, erased };
}

function merge(open: JsonValue | undefined, kept: JsonValue): JsonValue {
  if (open === undefined) return kept;
  if (isList(open) && isList(kept)) return open.map((element, i) => merge(element, kept[i] ?? {}));
  return isObject(open) && isObject(kept) ? mergeObjects(open, kept) : kept;
}

function mergeObjects(open: JsonObject, kept: JsonObject): JsonObject {
  const merged: Record<string, JsonValue> = { ...open };
  for (const key of Object.keys(kept)) {
    const value = kept[key];
    if (value !== undefined) merged[key] = merge(open[key], value);
  }
  return merged;
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isList(value: JsonValue): value is readonly JsonValue[] {
  return Array.isArray(value);
}
