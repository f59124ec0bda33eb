import type { JsonValue } from '@bitacora/event';

/**
 * A value as the host gave it, in place of one of the type that an event needs. Admission refuses the event and names the
 * field when the value is of another type.
 */
export function asGiven<Wanted>(value: unknown): Wanted {
  return value as Wanted;
}

/** `{ name: value }`, or nothing for a value that the host left out or gave as null. */
export function present<Name extends string, Value extends JsonValue>(
  name: Name,
  value: Value | null | undefined,
): { readonly [Key in Name]?: Value } {
  if (value === undefined || value === null) return {};
  return asGiven({ [name]: value });
}

/** The id of a person or thing as events have it: hosts often count theirs. */
export function idText(id: string | number): string {
  return typeof id === 'number' ? String(id) : id;
}
