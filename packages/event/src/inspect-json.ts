import { skipSpace } from './json-syntax-error.ts';
import { fieldPath, type RejectionCode } from './rejections.ts';
import { isSafeLiteral } from './safe-number.ts';
import { isForbiddenKey } from './scan-json.ts';

/** A fault: its code, its path in the value, and its UTF-16 position in the text. */
export type Finding = { readonly code: RejectionCode; readonly field: string; readonly index: number };
type Step = { readonly end: number } | Finding;

/**
 * The first duplicate or forbidden key, half surrogate pair, U+0000 or unsafe number of a value's text. Slow; called
 * only where `scanValue` or the count of keys raised a doubt. `text` must be one JSON value, at most 32 levels deep.
 */
export function inspectJson(text: string): Finding | undefined {
  const step = inspectValue(text, skipSpace(text, 0, text.length), '');
  return 'code' in step ? step : undefined;
}

function inspectValue(text: string, at: number, path: string): Step {
  const opened = text[at];
  if (opened === '{') return inspectMembers(text, at, path);
  if (opened === '[') return inspectElements(text, at, path);
  if (opened === '"') {
    const end = closingQuote(text, at);
    const code = badText(JSON.parse(text.slice(at, end)) as string);
    return code === undefined ? { end } : { code, field: path, index: at };
  }
  let end = at;
  while (end < text.length && !' \t\r\n,]}'.includes(text.charAt(end))) end++;
  if (/^[-0-9]/.test(text.slice(at, at + 1)) && !isSafeLiteral(text.slice(at, end))) {
    return { code: 'unsafe_number', field: path, index: at };
  }
  return { end };
}

function inspectMembers(text: string, at: number, path: string): Step {
  const seen = new Set<string>();
  let i = skipSpace(text, at + 1, text.length);
  while (text[i] !== '}') {
    const end = closingQuote(text, i);
    const key = JSON.parse(text.slice(i, end)) as string;
    const field = fieldPath(path, key);
    const code = badText(key) ?? badKey(key, seen);
    if (code !== undefined) return { code, field, index: i };
    seen.add(key);
    const colon = skipSpace(text, end, text.length);
    const step = inspectValue(text, skipSpace(text, colon + 1, text.length), field);
    if ('code' in step) return step;
    i = skipSpace(text, step.end, text.length);
    if (text[i] === ',') i = skipSpace(text, i + 1, text.length);
  }
  return { end: i + 1 };
}

function inspectElements(text: string, at: number, path: string): Step {
  let i = skipSpace(text, at + 1, text.length);
  for (let index = 0; text[i] !== ']'; index++) {
    const step = inspectValue(text, i, fieldPath(path, index));
    if ('code' in step) return step;
    i = skipSpace(text, step.end, text.length);
    if (text[i] === ',') i = skipSpace(text, i + 1, text.length);
  }
  return { end: i + 1 };
}

/** Why a text cannot be stored: PostgreSQL has no U+0000, UTF-8 no half surrogate pairs. */
export function badText(text: string): RejectionCode | undefined {
  if (!text.isWellFormed()) return 'lone_surrogate';
  return text.includes('\0') ? 'nul_character' : undefined;
}

function badKey(key: string, seen: ReadonlySet<string>): RejectionCode | undefined {
  if (isForbiddenKey(key)) return 'forbidden_key';
  return seen.has(key) ? 'duplicate_key' : undefined;
}

function closingQuote(text: string, at: number): number {
  let i = at + 1;
  while (text[i] !== '"') i += text[i] === '\\' ? 2 : 1;
  return i + 1;
}
