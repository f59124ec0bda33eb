import { inspectJson } from './inspect-json.ts';
import { jsonSyntaxError, skipSpace } from './json-syntax-error.ts';
import { limits } from './limits.ts';
import { parseJson } from './parse-json.ts';
import { reject, type Rejection, type RejectionCode } from './rejections.ts';
import { createScan, scanValue, type Scan } from './scan-json.ts';
import { utf8Length } from './utf8-length.ts';

/** One element of a request; `source` is its part of the text as received. */
export type ReadEvent =
  | { readonly ok: true; readonly value: unknown; readonly source: string }
  | { readonly ok: false; readonly rejection: Rejection };
export type Reading =
  | { readonly ok: true; readonly events: readonly ReadEvent[] }
  | { readonly ok: false; readonly rejection: Rejection };

type Cursor = { readonly text: string; readonly scan: Scan; at: number; bytes: number };
type Element = ReadEvent | 'malformed';

/**
 * Reads the events of a request body: `json` is one value or an array of them, `ndjson` one value per line (blank
 * lines ignored, CRLF and a byte order mark accepted). A linear scan measures each value before `JSON.parse` sees it.
 * Malformed JSON refuses the whole document, in NDJSON the line. Every other problem refuses one event. Positions are UTF-8 bytes
 * from the start of `text`. The values are JSON, not yet events: give each to `parseEvent`.
 */
export function readEvents(
  text: string,
  format: 'json' | 'ndjson',
  options: { eventsMax?: number } = {},
): Reading {
  const marked = text.charCodeAt(0) === 0xfeff;
  const cursor: Cursor = { text, scan: createScan(), at: marked ? 1 : 0, bytes: marked ? 3 : 0 };
  const eventsMax = options.eventsMax ?? limits.eventsPerRequestMax;
  const events = format === 'json' ? readDocument(cursor, eventsMax) : readLines(cursor, eventsMax);
  if (events === 'malformed') return { ok: false, rejection: malformedDocument(text, marked ? 1 : 0) };
  if (events.length > eventsMax) {
    return { ok: false, rejection: reject('too_many_events', '', { detail: `at most ${eventsMax}` }) };
  }
  return { ok: true, events };
}

function readDocument(cursor: Cursor, eventsMax: number): ReadEvent[] | 'malformed' {
  const { text } = cursor;
  const events: ReadEvent[] = [];
  advance(cursor, skipSpace(text, cursor.at, text.length));
  if (text[cursor.at] !== '[') {
    const only = readElement(cursor, text.length);
    if (only === 'malformed') return only;
    return skipSpace(text, cursor.at, text.length) === text.length ? [only] : 'malformed';
  }
  advance(cursor, skipSpace(text, cursor.at + 1, text.length));
  if (text[cursor.at] === ']') advance(cursor, cursor.at + 1);
  else {
    for (;;) {
      const element = readElement(cursor, text.length);
      if (element === 'malformed') return element;
      events.push(element);
      if (events.length > eventsMax) return events;
      advance(cursor, skipSpace(text, cursor.at, text.length));
      const separator = text[cursor.at];
      if (separator !== ',' && separator !== ']') return 'malformed';
      advance(cursor, cursor.at + 1);
      if (separator === ']') break;
      advance(cursor, skipSpace(text, cursor.at, text.length));
    }
  }
  return skipSpace(text, cursor.at, text.length) === text.length ? events : 'malformed';
}

function readLines(cursor: Cursor, eventsMax: number): ReadEvent[] {
  const { text } = cursor;
  const events: ReadEvent[] = [];
  while (cursor.at < text.length && events.length <= eventsMax) {
    const newline = text.indexOf('\n', cursor.at);
    const lineEnd = newline < 0 ? text.length : newline;
    const start = skipSpace(text, cursor.at, lineEnd);
    advance(cursor, start);
    if (start < lineEnd) events.push(readLine(cursor, lineEnd));
    advance(cursor, Math.min(lineEnd + 1, text.length));
  }
  return events;
}

function readLine(cursor: Cursor, lineEnd: number): ReadEvent {
  const { text, at, bytes } = cursor;
  const element = readElement(cursor, lineEnd);
  if (element !== 'malformed' && skipSpace(text, cursor.at, lineEnd) === lineEnd) return element;
  const wrong = jsonSyntaxError(text, at, lineEnd);
  const position = bytes + utf8Length(text, at, wrong);
  cursor.bytes = bytes + utf8Length(text, at, lineEnd);
  cursor.at = lineEnd;
  return { ok: false, rejection: reject('malformed_json', '', { position }) };
}

/** Reads the value at the cursor and moves the cursor behind it. After malformed JSON the cursor may be anywhere. */
function readElement(cursor: Cursor, to: number): Element {
  const { text, scan, at, bytes } = cursor;
  if (!scanValue(text, at, to, scan)) return 'malformed';
  cursor.at = scan.end;
  cursor.bytes = bytes + scan.bytes;
  const excess = excessOf(scan);
  if (excess !== undefined) {
    const wellFormed = jsonSyntaxError(text, at, scan.end) < 0;
    return wellFormed ? { ok: false, rejection: reject(excess, '', { position: bytes }) } : 'malformed';
  }
  const source = text.slice(at, scan.end);
  let value: unknown;
  try {
    value = parseJson(source);
  } catch {
    return 'malformed';
  }
  if (scan.suspect || countKeys(value) !== scan.keys || !source.isWellFormed()) {
    const finding = inspectJson(source);
    if (finding !== undefined) {
      const position = bytes + utf8Length(source, 0, finding.index);
      return { ok: false, rejection: reject(finding.code, finding.field, { position }) };
    }
  }
  return { ok: true, value, source };
}

function excessOf(scan: Scan): RejectionCode | undefined {
  if (scan.bytes > limits.eventSizeMaxBytes) return 'too_large';
  if (scan.depth > limits.depthMax) return 'too_deep';
  return scan.keys > limits.keysMax ? 'too_many_keys' : undefined;
}

// A value with fewer keys than its text has colons had two equal keys, of which JSON.parse kept the last. At most 32 levels.
function countKeys(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  let keys = 0;
  if (Array.isArray(value)) {
    for (const element of value) if (typeof element === 'object') keys += countKeys(element);
    return keys;
  }
  for (const key in value) {
    keys++;
    const member = (value as Record<string, unknown>)[key];
    if (typeof member === 'object') keys += countKeys(member);
  }
  return keys;
}

// Only ASCII stands between elements, so each position is one byte.
function advance(cursor: Cursor, to: number): void {
  cursor.bytes += to - cursor.at;
  cursor.at = to;
}

function malformedDocument(text: string, from: number): Rejection {
  const wrong = Math.max(jsonSyntaxError(text, from), from);
  return reject('malformed_json', '', { position: utf8Length(text, 0, wrong) });
}
