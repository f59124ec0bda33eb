import type { JsonValue } from '@bitacora/event';

/**
 * A value as the host gave it, typed as the value that an event needs. When the value has another type, the server refuses the
 * event and names the field.
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

/** The id of a person or thing as a text, since the ids of hosts are often numbers. */
export function idText(id: string | number): string {
  return typeof id === 'number' ? String(id) : id;
}
