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
  const words = isAscii(text)
    ? text.toLowerCase().match(/[a-z0-9]+/g)
    : text
        .normalize('NFC')
        .toLowerCase()
        .match(/[\p{L}\p{N}\p{M}]+/gu);
  return words ?? [];
}

function isAscii(text: string): boolean {
  for (let at = 0; at < text.length; at++) if (text.charCodeAt(at) > 127) return false;
  return true;
}

/** Keys made before: most values of an event were in many others, and the same string is found faster in a map. */
interface Memo {
  words: Map<string, readonly string[]>;
  keys: Map<string, Map<string, string>>;
}

const memos = new WeakMap<Token, Memo>();
/** Texts, and values of a field, that are remembered. */
const rememberedMax = 50_000;

function memoOf(token: Token): Memo {
  const known = memos.get(token);
  if (known) return known;
  const made: Memo = { words: new Map(), keys: new Map() };
  memos.set(token, made);
  return made;
}

function rememberedKey(memo: Memo, field: string, value: string, token: Token): string {
  let keys = memo.keys.get(field);
  if (!keys || keys.size > rememberedMax) memo.keys.set(field, (keys = new Map<string, string>()));
  const known = keys.get(value);
  if (known !== undefined) return known;
  const made = keyOf(field, value, token);
  keys.set(value, made);
  return made;
}

function wordKeysOf(memo: Memo, text: string, token: Token): readonly string[] {
  const known = memo.words.get(text);
  if (known) return known;
  const made = wordsOf(text).map((word) => wordKeyOf(word, token));
  if (memo.words.size > rememberedMax) memo.words.clear();
  if (text.length <= valueCharsMax) memo.words.set(text, made);
  return made;
}

/** Every key under which an entry is found, each once. `ledger` filters need none: an index is one ledger's. */
export function termsOf(event: EventView, token: Token): Set<string> {
  const terms = new Set<string>();
  const memo = memoOf(token);
  const add = (field: string, value: string | number | boolean | undefined): void => {
    if (value !== undefined) terms.add(rememberedKey(memo, field, String(value), token));
  };
  const addPersonal = (field: string, value: string | undefined): void => {
    if (value !== undefined) terms.add(personalKeyOf(field, value.toLowerCase(), token));
  };
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
  eachLeaf('attributes', event.attributes, add);
  eachLeaf('context', event.context, add);
  eachText(event, (text) => {
    for (const key of wordKeysOf(memo, text, token)) terms.add(key);
  });
  return terms;
}

/** The texts that free text is searched in. Times and the id are not among them: they have filters of their own. */
export function textsOf(event: EventView): string[] {
  const texts: string[] = [];
  eachText(event, (text) => texts.push(text));
  return texts;
}

function eachText(event: EventView, visit: (text: string) => void): void {
  for (const [field, value] of Object.entries(event)) {
    if (field !== 'id' && field !== 'occurredAt' && field !== 'erased') eachTextIn(value, visit);
  }
}

function eachTextIn(value: unknown, visit: (text: string) => void): void {
  if (typeof value === 'string') visit(value);
  else if (typeof value === 'number') visit(String(value));
  else if (typeof value === 'object' && value !== null)
    for (const inner of Object.values(value)) eachTextIn(inner, visit);
}

/** Scalars below an object with their dotted paths; elements of a list share its path. */
function eachLeaf(
  path: string,
  value: JsonValue | undefined,
  visit: (path: string, value: string) => void,
): void {
  if (value === undefined) return;
  if (typeof value !== 'object' || value === null) visit(path, String(value));
  else if (Array.isArray(value)) for (const inner of value) eachLeaf(path, inner as JsonValue, visit);
  else
    for (const [key, inner] of Object.entries(value)) eachLeaf(`${path}.${key}`, inner as JsonValue, visit);
}
