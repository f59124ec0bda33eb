import { LRUCache } from 'lru-cache';
import { hash } from 'node:crypto';
import type { EventView, OpenEvent } from '@bitacora/event';
import { eachLeaf, ownPathsMax } from './own-paths.ts';

/**
 * Makes the token that is stored instead of a personal value or a word. It is keyed, so that the index shows nothing after
 * an erasure.
 */
export type Token = (text: string) => string;

/** Stands between a field and its value in a key; it sorts below every letter. */
const separator = '\u0000';
/** Stands before values that are found only as a whole and are not listed as facets: long values and personal values. */
const longSeparator = '\u0002';
/** Longer values are found only as a whole and are not listed as facets. */
export const valueCharsMax = 120;

export function keyOf(field: string, value: string, token: Token): string {
  const name = fieldName(field);
  if (value.length <= valueCharsMax) return `${name}${separator}${value}`;
  return `${name}${longSeparator}${value.slice(0, 40)}…${token(value)}`;
}

export function personalKeyOf(field: string, value: string, token: Token): string {
  return personalKey(field, token(`${field}:${value}`));
}

/** The key of a personal value, made from its token. */
export function personalKey(field: string, token: string): string {
  return `${fieldName(field)}${longSeparator}${token}`;
}

/** The name by which a span lists the tokens of a personal field. */
export function personalField(field: string): string {
  return `${field}${longSeparator}`;
}

/** The name of a field in keys. A very long path of a host is shortened, since it would not fit an index page. */
export function fieldName(field: string): string {
  if (field.length <= valueCharsMax) return field;
  return `${field.slice(0, 60)}…${hash('sha256', field, 'base64url').slice(0, 12)}`;
}

export function wordKeyOf(word: string, token: Token): string {
  return `w${separator}${token(word)}`;
}

/** The first possible key of a field, and the first key after all keys of the field. */
export function fieldBounds(field: string): { start: Buffer; end: Buffer } {
  if (field.endsWith(longSeparator)) {
    const personal = fieldName(field.slice(0, -1));
    return { start: Buffer.from(`${personal}${longSeparator}`), end: Buffer.from(`${personal}\u0003`) };
  }
  const name = fieldName(field);
  return { start: Buffer.from(`${name}${separator}`), end: Buffer.from(`${name}\u0001`) };
}

export function valueOfKey(key: Buffer): string {
  const end = key.indexOf(0);
  return key.toString('utf8', (end < 0 ? key.indexOf(2) : end) + 1);
}

/** The words by which a text is searched: runs of letters, digits and marks in lower case. */
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

/**
 * Keys that were made before. Most values of an event occur in many other events, and a look-up in a map is faster than
 * making the key again.
 */
interface KeyCache {
  words: LRUCache<string, readonly string[]>;
  /** By field, then by value. */
  fields: LRUCache<string, LRUCache<string, string>>;
  /** Values that were put into `fields` since it was empty. */
  put: number;
}

const keyCaches = new WeakMap<Token, KeyCache>();
/** The limit of cached texts, and of cached values of each field. */
const valuesCachedMax = 50_000;
const fieldsCachedMax = 1_000;
/** The limit of cached values of all fields together, about a hundred bytes each. */
const keysCachedMax = 200_000;

function keyCacheOf(token: Token): KeyCache {
  const existing = keyCaches.get(token);
  if (existing) return existing;
  const cache: KeyCache = {
    words: growingCache(valuesCachedMax),
    fields: growingCache(fieldsCachedMax),
    put: 0,
  };
  keyCaches.set(token, cache);
  return cache;
}

/** A cache that takes memory only as it fills, since there are many fields and tenants. */
function growingCache<Value extends object | string>(maxSize: number): LRUCache<string, Value> {
  return new LRUCache({ maxSize, sizeCalculation: () => 1 });
}

function cachedKey(cache: KeyCache, field: string, value: string, token: Token): string {
  if (value.length > valueCharsMax) return keyOf(field, value, token);
  let keys = cache.fields.get(field);
  if (!keys) {
    keys = growingCache(valuesCachedMax);
    cache.fields.set(field, keys);
  }
  const cached = keys.get(value);
  if (cached !== undefined) return cached;
  const key = keyOf(field, value, token);
  keys.set(value, key);
  if (++cache.put > keysCachedMax) {
    cache.fields.clear();
    cache.put = 0;
  }
  return key;
}

function wordKeysOf(cache: KeyCache, text: string, token: Token): readonly string[] {
  const cached = cache.words.get(text);
  if (cached) return cached;
  const keys = wordsOf(text).map((word) => wordKeyOf(word, token));
  if (text.length <= valueCharsMax) cache.words.set(text, keys);
  return keys;
}

/**
 * An event with all its values, and `open`, its values that are not personal. Only open values stand in keys as they are.
 */
export interface IndexedEvent {
  event: EventView;
  open: OpenEvent;
}

/**
 * Every key under which an entry is found, each once. With `only`: the keys of these fields, and no words. A filter by
 * `ledger` needs no key, because an index belongs to one ledger.
 */
export function termsOf(indexed: IndexedEvent, token: Token, only?: ReadonlySet<string>): Set<string> {
  const terms = new Set<string>();
  const cache = keyCacheOf(token);
  const adder: TermAdder = {
    add(field, value) {
      if (value !== undefined && (!only || only.has(field)))
        terms.add(cachedKey(cache, field, String(value), token));
    },
    addPersonal(field, value) {
      if (value !== undefined && (!only || only.has(field)))
        terms.add(personalKeyOf(field, value.toLowerCase(), token));
    },
  };
  addParties(indexed, adder);
  addFields(indexed.event, adder);
  addOwnFields(indexed, adder);
  if (only) return terms;
  eachText(indexed.event, (text) => {
    for (const key of wordKeysOf(cache, text, token)) terms.add(key);
  });
  return terms;
}

interface TermAdder {
  add(field: string, value: string | number | boolean | undefined): void;
  /** A personal value is in a key only as a keyed token. */
  addPersonal(field: string, value: string | undefined): void;
}

/** Adds the actor, the targets and the subject. */
function addParties({ event, open }: IndexedEvent, { add, addPersonal }: TermAdder): void {
  add('actor', open.actor.id);
  add('actor.type', event.actor.type);
  add('actor.role', open.actor.role);
  addPersonal('actor.email', event.actor.email);
  for (const word of wordsOf(event.actor.name ?? '')) addPersonal('actor.name', word);
  add('onBehalfOf', open.actor.onBehalfOf?.id);
  for (const target of open.targets ?? []) {
    add('target', `${target.type}/${target.id}`);
    add('target.type', target.type);
    add('target.id', target.id);
  }
  add('subject', open.subject?.id);
  add('subject.type', event.subject?.type);
  addPersonal('subject.email', event.subject?.email);
  addPersonal('ip', event.client?.ip);
  add('country', event.client?.country);
}

function addFields(event: EventView, { add }: TermAdder): void {
  add('action', event.action);
  add('operation', event.operation);
  add('outcome', event.outcome);
  add('level', event.level);
  add('module', event.module);
  add('correlationId', event.correlationId);
  add('sessionId', event.sessionId);
  add('traceId', event.traceId);
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
}

/**
 * Adds attributes and context, whose fields the host names; the first `ownPathsMax` paths of an event. A value that a pack
 * declares personal is found only as a whole.
 */
function addOwnFields({ event, open }: IndexedEvent, { add, addPersonal }: TermAdder): void {
  const openPaths = new Set<string>();
  const indexed = new Set<string>();
  /** Counts the path, also when only other fields are asked for, so that the same paths are left out each time. */
  const isIndexed = (path: string): boolean => {
    if (indexed.size < ownPathsMax) indexed.add(path);
    return indexed.has(path);
  };
  const addOpen = (path: string, value: string): void => {
    openPaths.add(path);
    if (isIndexed(path)) add(path, value);
  };
  eachLeaf('attributes', open.attributes, addOpen);
  eachLeaf('context', open.context, addOpen);
  const addClosed = (path: string, value: string): void => {
    if (!openPaths.has(path) && isIndexed(path)) addPersonal(path, value);
  };
  if (event.attributes !== open.attributes) eachLeaf('attributes', event.attributes, addClosed);
  if (event.context !== open.context) eachLeaf('context', event.context, addClosed);
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
