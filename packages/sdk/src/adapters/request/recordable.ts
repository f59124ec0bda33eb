import type { JsonObject, JsonValue } from '@bitacora/event';
import { cleanText } from './clean-text.ts';
import { requestLimits } from './request-limits.ts';

interface Budget {
  members: number;
  bytes: number;
}

// The server rejects an event with these keys, because a careless copy of them changes prototypes.
const refusedKeys = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * A bounded copy of what a client sent, in a form that is valid in every event, so that the request is recorded whatever the
 * client sent. What is left out is replaced by its size. Runs getters of the value, and throws what they throw.
 */
export function recordable(value: unknown): JsonValue | undefined {
  return copied(value, 0, createBudget());
}

/** Like `recordable`, for an object. */
export function recordableMembers(value: object): JsonObject {
  return membersOf(value, 0, createBudget());
}

function createBudget(): Budget {
  return { members: requestLimits.membersMax, bytes: requestLimits.textsMaxBytes };
}

function copied(value: unknown, depth: number, budget: Budget): JsonValue | undefined {
  switch (typeof value) {
    case 'string':
      return textOf(value, budget);
    case 'number':
      return Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value))
        ? value
        : String(value);
    case 'boolean':
      return value;
    case 'object':
      return value === null ? null : objectOf(value, depth, budget);
    case 'bigint':
      return textOf(String(value), budget);
    default:
      return undefined;
  }
}

function textOf(text: string, budget: Budget): string {
  const bytes = text.length > requestLimits.textLengthMaxChars ? Infinity : jsonBytes(text);
  if (bytes > budget.bytes) return `[${text.length} characters]`;
  budget.bytes -= bytes;
  return cleanText(text);
}

function jsonBytes(text: string): number {
  return /^[ !#-[\]-~]*$/.test(text) ? text.length : Buffer.byteLength(JSON.stringify(text));
}

function objectOf(value: object, depth: number, budget: Budget): JsonValue {
  if (ArrayBuffer.isView(value)) return `[${value.byteLength} bytes]`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (depth >= requestLimits.depthMax) return '[too deep]';
  return Array.isArray(value) ? elementsOf(value, depth, budget) : membersOf(value, depth, budget);
}

function elementsOf(value: readonly unknown[], depth: number, budget: Budget): JsonValue[] {
  const copy: JsonValue[] = [];
  for (const element of value) {
    if (--budget.members < 0) {
      copy.push(`[${value.length - copy.length} more]`);
      break;
    }
    copy.push(copied(element, depth + 1, budget) ?? null);
  }
  return copy;
}

function membersOf(value: object, depth: number, budget: Budget): JsonObject {
  const copy: Record<string, JsonValue> = {};
  const keys = Object.keys(value);
  for (const [position, key] of keys.entries()) {
    if (--budget.members < 0) {
      copy['…'] = `[${keys.length - position} more]`;
      break;
    }
    const member = copied(Reflect.get(value, key), depth + 1, budget);
    if (member !== undefined) copy[keyOf(key, budget)] = member;
  }
  return copy;
}

function keyOf(key: string, budget: Budget): string {
  return refusedKeys.has(key) ? `[${key}]` : textOf(key, budget);
}
