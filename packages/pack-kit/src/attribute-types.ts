import {
  fieldPath,
  normaliseTime,
  reject,
  type JsonObject,
  type JsonValue,
  type Rejection,
} from '@bitacora/event';

/** The type of one attribute; `date` is RFC 3339 or a bare `2026-03-01`, `json` anything. */
export type AttributeType =
  'string' | 'number' | 'boolean' | 'date' | 'object' | 'json' | { readonly enum: readonly string[] };
export type AttributeTypes = Readonly<Record<string, AttributeType>>;

type Value<Type> = Type extends { readonly enum: readonly (infer Word)[] }
  ? Word
  : Type extends 'string' | 'date'
    ? string
    : Type extends 'number'
      ? number
      : Type extends 'boolean'
        ? boolean
        : Type extends 'object'
          ? JsonObject
          : JsonValue;

/** The compile-time type of an event's attributes; every one is optional. */
export type AttributesOf<Types extends AttributeTypes> = {
  readonly [Name in keyof Types]?: Value<Types[Name]>;
};

/** The first attribute that is undeclared or has another type than declared; null is allowed everywhere. */
export function checkAttributes(
  attributes: JsonObject | undefined,
  types: AttributeTypes,
): Rejection | undefined {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    const field = fieldPath('attributes', name);
    const type = Object.hasOwn(types, name) ? types[name] : undefined;
    if (type === undefined) return reject('unknown_field', field);
    if (value !== null && !hasType(value, type)) {
      const detail = typeof type === 'string' ? `a ${type} is needed` : type.enum.join(', ');
      return reject('wrong_type', field, { detail });
    }
  }
  return undefined;
}

function hasType(value: JsonValue, type: AttributeType): boolean {
  if (typeof type === 'object') return typeof value === 'string' && type.enum.includes(value);
  if (type === 'json') return true;
  if (type === 'object') return typeof value === 'object' && !Array.isArray(value);
  if (type === 'date') return typeof value === 'string' && isDate(value);
  return typeof value === type;
}

function isDate(text: string): boolean {
  return normaliseTime(text.length === 10 ? `${text}T00:00:00Z` : text) !== undefined;
}
