import type { EventView } from '@bitacora/event';
import { fieldName, textsOf } from './terms.ts';

/** The condition that a search puts on an entry. Keys are keys of the inverted index. */
export type Condition =
  | { readonly kind: 'all' }
  /** Has one of the keys. */
  | { readonly kind: 'keys'; readonly keys: readonly string[] }
  /** Has a value of the field that passes. */
  | { readonly kind: 'scan'; readonly field: string; readonly test: (value: string) => boolean }
  /** Happened within [from, to), milliseconds. */
  | { readonly kind: 'time'; readonly from: number; readonly to: number }
  /** Has the words one after the other in one text; `keys` are those of the words. */
  | { readonly kind: 'phrase'; readonly phrase: string; readonly keys: readonly string[] }
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly part: Condition };

export const everything: Condition = { kind: 'all' };

export function allOf(parts: readonly Condition[]): Condition {
  const flat = parts.flatMap((part) =>
    part.kind === 'and' ? part.parts : part.kind === 'all' ? [] : [part],
  );
  const [only] = flat;
  return flat.length === 0 ? everything : flat.length === 1 && only ? only : { kind: 'and', parts: flat };
}

export function anyOf(parts: readonly Condition[]): Condition {
  const [only] = parts;
  return parts.length === 1 && only ? only : { kind: 'or', parts };
}

/** The time range that every match lies in. */
export function timeBounds(condition: Condition): { from: number; to: number } {
  if (condition.kind === 'time') return { from: condition.from, to: condition.to };
  if (condition.kind !== 'and') return { from: -Infinity, to: Infinity };
  return condition.parts
    .map(timeBounds)
    .reduce((a, b) => ({ from: Math.max(a.from, b.from), to: Math.min(a.to, b.to) }));
}

/** Keys whose sets of postings are needed to evaluate a condition. */
export function keysOf(condition: Condition): string[] {
  switch (condition.kind) {
    case 'keys':
    case 'phrase':
      return [...condition.keys];
    case 'and':
    case 'or':
      return condition.parts.flatMap(keysOf);
    case 'not':
      return keysOf(condition.part);
    default:
      return [];
  }
}

/** True when the postings are not enough to decide, because a phrase needs the text. */
export function needsText(condition: Condition): boolean {
  switch (condition.kind) {
    case 'phrase':
      return true;
    case 'and':
    case 'or':
      return condition.parts.some(needsText);
    case 'not':
      return needsText(condition.part);
    default:
      return false;
  }
}

/** Whether one entry matches. The answer comes from the event itself and is the same as the answer of the index. */
export function matches(
  condition: Condition,
  entry: { event: EventView; at: number; terms: ReadonlySet<string> },
): boolean {
  switch (condition.kind) {
    case 'all':
      return true;
    case 'keys':
      return condition.keys.some((key) => entry.terms.has(key));
    case 'scan':
      return [...entry.terms].some((term) => {
        const end = term.indexOf('\u0000');
        return term.slice(0, end) === fieldName(condition.field) && condition.test(term.slice(end + 1));
      });
    case 'time':
      return entry.at >= condition.from && entry.at < condition.to;
    case 'phrase':
      return hasPhrase(entry.event, condition.phrase);
    case 'and':
      return condition.parts.every((part) => matches(part, entry));
    case 'or':
      return condition.parts.some((part) => matches(part, entry));
    case 'not':
      return !matches(condition.part, entry);
  }
}

/** Whether a text contains the letters of the phrase, in upper or lower case, but not inside a longer word. */
function hasPhrase(event: EventView, phrase: string): boolean {
  for (const text of textsOf(event)) {
    const folded = foldText(text);
    for (let at = folded.indexOf(phrase); at >= 0; at = folded.indexOf(phrase, at + 1)) {
      if (isBoundary(folded, at) && isBoundary(folded, at + phrase.length)) return true;
    }
  }
  return false;
}

export function foldText(text: string): string {
  return text.normalize('NFC').toLowerCase();
}

function isBoundary(text: string, at: number): boolean {
  const letter = /[\p{L}\p{N}\p{M}]/u;
  const before = String.fromCodePoint(text.codePointAt(at - (isLowSurrogate(text, at - 1) ? 2 : 1)) ?? 32);
  const after = String.fromCodePoint(text.codePointAt(at) ?? 32);
  return at === 0 || at === text.length || !letter.test(before) || !letter.test(after);
}

function isLowSurrogate(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 0xdc00 && code <= 0xdfff;
}
