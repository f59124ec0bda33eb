import type { EventView, JsonValue } from '@bitacora/event';

/** Makes what is stored of a personal value or a word: keyed, so that the index tells nothing after an erasure. */
export type Token = (text: string) => string;

/** Between a field and its value in a key: sorts below every letter. */
const separator = '\u0000';
/** Longer values are found whole, but not listed as facets. */
export const valueCharsMax = 120;

export function keyOf(field: string, value: string, token: Token): string {
  return `${field}${separator}${value.length <= valueCharsMax ? value : `${value.slice(0, 40)}…${token(value)}`}`;
}

export function personalKeyOf(field: string, value: string, token: Token): string {
  return `${field}${separator}${token(`${field}:${value}`)}`;
}

export function wordKeyOf(word: string, token: Token): string {
  return `w${separator}${token(word)}`;
}

/** First key of a field and the first key after all of its. */
export function fieldBounds(field: string): { start: Buffer; end: Buffer } {
  return { start: Buffer.from(`${field}${separator}`), end: Buffer.from(`${field}\u0001`) };
}

export function valueOfKey(key: Buffer): string {
  return key.toString('utf8', key.indexOf(0) + 1);
}

/** Words as they are searched: runs of letters, digits and marks in lower case. */
export function wordsOf(text: string): string[] {
  return (
    text
      .normalize('NFC')
      .toLowerCase()
      .match(/[\p{L}\p{N}\p{M}]+/gu) ?? []
  );
}

/** Every key under which an entry is found, each once. `ledger` filters need none: an index is one ledger's. */
export function termsOf(event: EventView, token: Token): Set<string> {
  const terms = new Set<string>();
  const add = (field: string, value: string | number | boolean | undefined): void => {
    if (value !== undefined) terms.add(keyOf(field, String(value), token));
  };
  const addPersonal = (field: string, value: string | undefined): void => {
    if (value !== undefined) terms.add(personalKeyOf(field, value.toLowerCase(), token));
  };
  add('id', event.id);
  add('action', event.action);
  add('operation', event.operation);
  add('outcome', event.outcome);
  add('level', event.level);
  add('module', event.module);
  add('actor', event.actor.id);
  add('actor.type', event.actor.type);
  add('actor.role', event.actor.role);
  addPersonal('actor.email', event.actor.email);
  for (const word of wordsOf(event.actor.name ?? '')) addPersonal('actor.name', word);
  add('onBehalfOf', event.actor.onBehalfOf?.id);
  for (const target of event.targets ?? []) {
    add('target', `${target.type}/${target.id}`);
    add('target.type', target.type);
    add('target.id', target.id);
  }
  add('subject', event.subject?.id);
  add('subject.type', event.subject?.type);
  addPersonal('subject.email', event.subject?.email);
  add('correlationId', event.correlationId);
  add('sessionId', event.sessionId);
  add('traceId', event.traceId);
  addPersonal('ip', event.client?.ip);
  add('country', event.client?.country);
  for (const tag of event.tags ?? []) add('tag', tag);
  add('currency', event.amount?.currency);
  add('amount', event.amount?.value);
  add('durationMs', event.durationMs);
  add('status', event.request?.status);
  add('method', event.request?.method);
  add('error.code', event.error?.code);
  if (event.sensitive) add('sensitive', true);
  if (event.reviewRequired) add('reviewRequired', true);
  for (const change of event.changes ?? []) add('changes.path', change.path);
  for (const [path, value] of leavesOf('attributes', event.attributes)) add(path, value);
  for (const [path, value] of leavesOf('context', event.context)) add(path, value);
  for (const word of textWordsOf(event)) terms.add(wordKeyOf(word, token));
  return terms;
}

/** Every word of every text an entry shows, keys of objects not included. */
export function textWordsOf(event: EventView): Set<string> {
  const words = new Set<string>();
  for (const text of textsOf(event)) for (const word of wordsOf(text)) words.add(word);
  return words;
}

/** The texts that free text is searched in. Times and the id are not among them: they have filters of their own. */
export function* textsOf(event: EventView): Generator<string> {
  const { id: _, occurredAt: __, erased: ___, ...rest } = event;
  yield* textLeaves(rest);
}

function* textLeaves(value: unknown): Generator<string> {
  if (typeof value === 'string') yield value;
  else if (typeof value === 'number') yield String(value);
  else if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) yield* textLeaves(inner);
}

/** Scalars below an object with their dotted paths; elements of a list share its path. */
function* leavesOf(path: string, value: JsonValue | undefined): Generator<[string, string]> {
  if (value === undefined) return;
  if (typeof value !== 'object' || value === null) yield [path, String(value)];
  else if (Array.isArray(value)) for (const inner of value) yield* leavesOf(path, inner as JsonValue);
  else
    for (const [key, inner] of Object.entries(value)) yield* leavesOf(`${path}.${key}`, inner as JsonValue);
}
