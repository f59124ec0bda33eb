import { actorTypes, levels, operations, outcomes } from './audit-event.ts';
import { anyJson, anyObject, flag, listOf, number, oneOf, record, text } from './field-readers.ts';
import type { FieldReader, FieldTable } from './field-readers.ts';
import { isIpAddress } from './ip-address.ts';
import { limits } from './limits.ts';
import { Refusal } from './refusal.ts';
import { normaliseTime } from './rfc3339.ts';
import { isUuidV7 } from './uuid-v7.ts';

const freeText = text();
const word = text({ min: 1, max: limits.wordLengthMaxChars });
const name = text({ max: limits.nameLengthMaxChars });
const email = text({ max: limits.emailLengthMaxChars });
const id = text({ min: 1, max: limits.idLengthMaxChars });
const correlation = text({ min: 1, max: limits.correlationLengthMaxChars });

const party: readonly [string, FieldReader][] = [
  ['type', word],
  ['id', id],
  ['name', name],
];
const target = record(new Map(party), { required: ['type', 'id'] });
const actor = record(
  new Map<string, FieldReader>([
    ['type', oneOf(actorTypes)],
    ['id', id],
    ['name', name],
    ['email', email],
    ['role', text({ max: limits.wordLengthMaxChars })],
    ['onBehalfOf', record(new Map(party))],
  ]),
  { required: ['id'] },
);
const change = record(
  new Map<string, FieldReader>([
    ['path', text({ min: 1, max: limits.changePathLengthMaxChars })],
    ['before', anyJson(4)],
    ['after', anyJson(4)],
  ]),
  { required: ['path'], keepNull: new Set(['before', 'after']) },
);
const amount = record(
  new Map([
    ['value', text({ max: limits.amountLengthMaxChars, valid: isDecimal, form: 'a decimal such as -12.50' })],
    [
      'currency',
      text({ valid: (code) => /^[A-Z]{3}$/.test(code), form: 'three capital letters (ISO 4217)' }),
    ],
  ]),
  { required: ['value', 'currency'] },
);
const client = record(
  new Map([
    ['ip', text({ valid: isIpAddress, form: 'an IPv4 or IPv6 address' })],
    ['userAgent', freeText],
    ['country', text({ max: limits.wordLengthMaxChars })],
    ['device', text({ max: limits.deviceLengthMaxChars })],
  ]),
);
const request = record(
  new Map([
    ['method', text({ min: 1, max: limits.methodLengthMaxChars, valid: isOneWord, form: 'one word' })],
    ['url', freeText],
    ['status', number({ min: 100, max: 599, integer: true })],
  ]),
);
const error = record(
  new Map([
    ['code', text({ max: limits.wordLengthMaxChars })],
    ['message', freeText],
  ]),
);

/** How each field of an event is read. `target` is the input's short form of a single `targets`. */
export const eventFields: FieldTable = new Map<string, FieldReader>([
  ['id', readId],
  [
    'action',
    text({ min: 1, max: limits.actionLengthMaxChars, valid: isOneWord, form: 'no spaces or controls' }),
  ],
  ['actor', actor],
  ['operation', oneOf(operations)],
  ['outcome', oneOf(outcomes)],
  ['level', oneOf(levels)],
  ['module', text({ max: limits.wordLengthMaxChars })],
  ['target', target],
  ['targets', listOf(target, { max: limits.targetsMax })],
  ['subject', record(new Map<string, FieldReader>([...party, ['email', email]]))],
  ['occurredAt', readTime],
  ['reason', freeText],
  ['description', freeText],
  ['error', error],
  ['amount', amount],
  ['tags', listOf(text({ min: 1, max: limits.tagLengthMaxChars }), { max: limits.tagsMax })],
  ['durationMs', number({ min: 0 })],
  ['sensitive', flag()],
  ['reviewRequired', flag()],
  ['context', anyObject()],
  ['changes', listOf(change, { max: limits.changesMax })],
  ['attributes', anyObject()],
  ['client', client],
  ['request', request],
  ['sessionId', correlation],
  ['correlationId', correlation],
  ['traceId', text({ valid: (hex) => /^[0-9a-f]{32}$/i.test(hex), form: '32 hexadecimal digits' })],
  ['spanId', text({ valid: (hex) => /^[0-9a-f]{16}$/i.test(hex), form: '16 hexadecimal digits' })],
]);

function readId(value: unknown, path: string): string {
  if (typeof value !== 'string') throw new Refusal('wrong_type', path, 'a text is needed');
  if (isUuidV7(value)) return value;
  const lower = value.length === 36 ? value.toLowerCase() : value;
  if (!isUuidV7(lower)) throw new Refusal('invalid_format', path, 'a UUID of version 7');
  return lower;
}

function readTime(value: unknown, path: string): string {
  if (typeof value !== 'string') throw new Refusal('wrong_type', path, 'a text is needed');
  const time = value.length > 64 ? undefined : normaliseTime(value);
  if (time === undefined) throw new Refusal('invalid_format', path, 'RFC 3339 such as 2026-03-01T10:00:00Z');
  return time;
}

function isDecimal(value: string): boolean {
  return /^-?\d+(?:\.\d+)?$/.test(value);
}

function isOneWord(value: string): boolean {
  return !/[\s\p{Cc}]/u.test(value);
}
