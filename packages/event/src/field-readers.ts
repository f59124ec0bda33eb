import type { JsonObject } from './audit-event.ts';
import { copyJson, copyMembers, isPlainObject, readKey, readText, type Budget } from './json-copy.ts';
import { Refusal, within } from './refusal.ts';
import { fieldPath, type RejectionCode } from './rejections.ts';
import { isSafeNumber } from './safe-number.ts';

/** Reads one field's value into its place in an event, or throws a `Refusal` that names `path`, relative to the parent. */
export type FieldReader = (value: unknown, path: string, budget: Budget) => unknown;
export type FieldTable = ReadonlyMap<string, FieldReader>;

const textKind = 'a text is needed';

/** A text of `min` to `max` UTF-16 units that `valid` accepts. */
export function text(
  options: { min?: number; max?: number; valid?: (text: string) => boolean; form?: string } = {},
): FieldReader {
  const { min = 0, max = Number.POSITIVE_INFINITY, valid, form } = options;
  return (value, path, budget) => {
    if (typeof value !== 'string') throw new Refusal('wrong_type', path, textKind);
    if (value.length < min) throw new Refusal('too_short', path);
    if (value.length > max) throw new Refusal('too_long', path, `at most ${max} characters`);
    readText(value, path, budget);
    if (valid !== undefined && !valid(value)) throw new Refusal('invalid_format', path, form);
    return value;
  };
}

/** One of `words`, exactly. */
export function oneOf(words: readonly string[]): FieldReader {
  const allowed = new Set<unknown>(words);
  return (value, path) => {
    if (allowed.has(value)) return value;
    const code: RejectionCode = typeof value === 'string' ? 'not_allowed' : 'wrong_type';
    throw new Refusal(code, path, words.join(', '));
  };
}

/** A finite number from `min` to `max` that JSON keeps exactly. */
export function number(options: { min: number; max?: number; integer?: boolean }): FieldReader {
  const { min, max = Number.MAX_SAFE_INTEGER, integer = false } = options;
  return (value, path) => {
    if (typeof value !== 'number') throw new Refusal('wrong_type', path, 'a number is needed');
    if (!isSafeNumber(value)) throw new Refusal('unsafe_number', path);
    if (integer && !Number.isInteger(value)) throw new Refusal('invalid_format', path, 'a whole number');
    if (value < min || value > max) throw new Refusal('out_of_range', path, `from ${min} to ${max}`);
    return value;
  };
}

export function flag(): FieldReader {
  return (value, path) => {
    if (typeof value !== 'boolean') throw new Refusal('wrong_type', path, 'true or false is needed');
    return value;
  };
}

/** Any JSON; `depth` is how deep the field itself stands in the event. */
export function anyJson(depth: number): FieldReader {
  return (value, path, budget) => copyJson(value, path, depth, budget);
}

/** Any JSON object with the host's own keys. */
export function anyObject(): FieldReader {
  return (value, path, budget): JsonObject => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new Refusal('wrong_type', path, 'an object is needed');
    }
    return copyMembers(value, path, 2, budget);
  };
}

export function listOf(item: FieldReader, options: { max: number }): FieldReader {
  return (value, path, budget) => {
    if (!Array.isArray(value)) throw new Refusal('wrong_type', path, 'a list is needed');
    const { length } = value;
    if (length > options.max) throw new Refusal('too_many', path, `at most ${options.max}`);
    const items: unknown[] = [];
    for (let i = 0; i < length; i++) {
      try {
        items.push(item(value[i], '', budget));
      } catch (thrown) {
        throw within(thrown, fieldPath(path, i));
      }
    }
    return items;
  };
}

function present(members: Record<string, unknown>): Record<string, unknown> {
  const kept: Record<string, unknown> = {};
  for (const key of Object.keys(members)) if (members[key] !== undefined) kept[key] = members[key];
  return kept;
}

/**
 * An object of known fields; an unknown one is refused by its name. A field that is `undefined` or `null` is absent
 * unless `keepNull` names it. Fields of `required` must be there.
 */
export function record(
  fields: FieldTable,
  options: { required?: readonly string[]; keepNull?: ReadonlySet<string> } = {},
): FieldReader {
  const { required = [], keepNull } = options;
  const readMembers = (value: Record<string, unknown>, budget: Budget): Record<string, unknown> => {
    // Cloning the object and replacing the changed members is faster than setting all members one after the other.
    const read = { ...value };
    let absent = 0;
    for (const key of Object.keys(read)) {
      const reader = fields.get(key);
      if (reader === undefined) {
        readKey(key, '', budget);
        throw new Refusal('unknown_field', fieldPath('', key));
      }
      const member = read[key];
      if (member === undefined || (member === null && keepNull?.has(key) !== true)) {
        read[key] = undefined;
        absent++;
        continue;
      }
      budget.keys--;
      const kept = reader(member, key, budget);
      if (kept !== member) read[key] = kept;
    }
    for (const key of required) {
      if (read[key] === undefined) throw new Refusal('required', key);
    }
    // The clone also has the members whose keys are symbols.
    return absent === 0 && Object.getOwnPropertySymbols(read).length === 0 ? read : present(read);
  };
  return (value, path, budget) => {
    if (!isPlainObject(value)) throw new Refusal('wrong_type', path, 'an object is needed');
    try {
      return readMembers(value, budget);
    } catch (thrown) {
      throw within(thrown, path);
    }
  };
}
