import type { JsonObject, JsonValue } from './audit-event.ts';
import { badText } from './inspect-json.ts';
import { limits } from './limits.ts';
import { Refusal } from './refusal.ts';
import { fieldPath } from './rejections.ts';
import { isSafeNumber } from './safe-number.ts';
import { isForbiddenKey } from './scan-json.ts';

/**
 * What is left of an event's limits while it is read. `units` counts at least one for each two bytes of JSON, so
 * that values which refer to themselves end early; the exact size is measured afterwards.
 */
export type Budget = { keys: number; units: number; chars: number };

export function createBudget(): Budget {
  return { keys: limits.keysMax, units: limits.eventSizeMaxBytes / 2, chars: limits.eventSizeMaxBytes };
}

/** A plain object or array: not a Date, Map, class instance or function. */
export function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // A plain object of another realm has a prototype that has no prototype itself.
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

/**
 * Copies any JavaScript value into JSON, reading each property once; members that are `undefined` are absent, as for
 * `JSON.stringify`. Throws a `Refusal` for what is not JSON. `depth` is the depth of `value` itself.
 */
export function copyJson(value: unknown, path: string, depth: number, budget: Budget): JsonValue {
  spend(budget, path);
  switch (typeof value) {
    case 'string':
      return readText(value, path, budget);
    case 'boolean':
      return value;
    case 'number':
      if (!isSafeNumber(value)) throw new Refusal('unsafe_number', path);
      return value;
    case 'object':
      if (value === null) return null;
      if (depth > limits.depthMax) throw new Refusal('too_deep', path);
      return Array.isArray(value)
        ? copyElements(value, path, depth, budget)
        : copyMembers(value, path, depth, budget);
    default:
      throw new Refusal('not_json', path);
  }
}

/** As `copyJson`, for an object. */
export function copyMembers(value: object, path: string, depth: number, budget: Budget): JsonObject {
  if (!isPlainObject(value)) throw new Refusal('not_json', path);
  const copy: Record<string, JsonValue> = {};
  for (const key of Object.keys(value)) {
    const member = value[key];
    if (member === undefined) continue;
    readKey(key, path, budget);
    if (typeof member === 'string') {
      spend(budget, path);
      const bad = textFault(member, budget);
      if (bad !== undefined) throw new Refusal(bad, fieldPath(path, key));
      copy[key] = member;
    } else
      copy[key] = copyJson(
        member,
        typeof member === 'boolean' ? path : fieldPath(path, key),
        depth + 1,
        budget,
      );
  }
  return copy;
}

function copyElements(value: readonly unknown[], path: string, depth: number, budget: Budget): JsonValue {
  const copy: JsonValue[] = [];
  const { length } = value;
  for (let i = 0; i < length; i++) copy.push(copyJson(value[i], fieldPath(path, i), depth + 1, budget));
  return copy;
}

/** Checks a key that the host chose and subtracts it from the budget. */
export function readKey(key: string, path: string, budget: Budget): void {
  if (--budget.keys < 0) throw new Refusal('too_many_keys', path);
  const bad = textFault(key, budget);
  if (bad !== undefined) throw new Refusal(bad, fieldPath(path, key));
  if ((key.length === 9 || key.length === 11) && isForbiddenKey(key)) {
    throw new Refusal('forbidden_key', fieldPath(path, key));
  }
}

/** Checks a text and subtracts it from the budget. */
export function readText(text: string, path: string, budget: Budget): string {
  const bad = textFault(text, budget);
  if (bad !== undefined) throw new Refusal(bad, path);
  return text;
}

function textFault(text: string, budget: Budget): 'too_large' | ReturnType<typeof badText> {
  budget.chars -= text.length;
  if (budget.chars < 0) return 'too_large';
  if (text.length > 40) return badText(text);
  // An event mostly holds short texts. Checking them character by character is faster than two native calls.
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0 || (unit & 0xf800) === 0xd800) return badText(text);
  }
  return undefined;
}

function spend(budget: Budget, path: string): void {
  if (--budget.units < 0) throw new Refusal('too_large', path);
}
