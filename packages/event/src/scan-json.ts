import { isSafeLiteral } from './safe-number.ts';

/** The result of one pass over a value's text. `suspect`: `inspectJson`, which is slow, must check it. */
export type Scan = { end: number; depth: number; keys: number; bytes: number; suspect: boolean };

export function createScan(): Scan {
  return { end: 0, depth: 0, keys: 0, bytes: 0, suspect: false };
}

const QUOTE = 34;
const BACKSLASH = 92;

/**
 * Finds the end of the JSON value that starts at `from` without recursion and fills `scan`; false where the text
 * ends first. It only counts brackets and strings. `JSON.parse` decides afterwards whether the value is JSON, when its depth
 * and size are within the limits.
 */
export function scanValue(text: string, from: number, to: number, scan: Scan): boolean {
  let depth = 0;
  let deepest = 0;
  let keys = 0;
  let extraBytes = 0;
  let suspect = false;
  let i = from;
  while (i < to) {
    const unit = text.charCodeAt(i);
    if (unit === QUOTE) {
      const start = ++i;
      for (; ; i++) {
        if (i >= to) return false;
        const inside = text.charCodeAt(i);
        if (inside === QUOTE) break;
        if (inside === BACKSLASH) {
          if (text.charCodeAt(++i) === 117 && isSuspectEscape(text, i + 1)) suspect = true;
        } else if (inside > 127) extraBytes += inside < 0x800 || (inside & 0xf800) === 0xd800 ? 1 : 2;
      }
      const length = i - start;
      if ((length === 9 || length === 11) && isForbiddenKey(text.slice(start, i))) suspect = true;
      i++;
      if (depth === 0) break;
    } else if (unit === 123 || unit === 91) {
      if (++depth > deepest) deepest = depth;
      i++;
    } else if (unit === 125 || unit === 93) {
      if (depth > 0) i++;
      if (--depth <= 0) break;
    } else if (unit === 58) {
      keys++;
      i++;
    } else if ((unit >= 48 && unit <= 57) || unit === 45) {
      const end = numberEnd(text, i, to);
      if (end - i > 3 && !isPlainNumber(text, i, end)) suspect = true;
      i = end;
      if (depth === 0) break;
    } else if (depth === 0) {
      i = wordEnd(text, i, to);
      break;
    } else i++;
  }
  scan.end = i;
  scan.depth = deepest;
  scan.keys = keys;
  scan.bytes = i - from + extraBytes;
  scan.suspect = suspect;
  return depth <= 0 && i > from;
}

/** Keys that would change the prototype when a program copies members without care. */
export function isForbiddenKey(key: string): boolean {
  return key === '__proto__' || key === 'constructor' || key === 'prototype';
}

// Escapes of surrogate halves and of ASCII, which may hide U+0000 or a forbidden key. Other escapes are harmless and
// frequent: Python always escapes é.
function isSuspectEscape(text: string, at: number): boolean {
  const first = text.charCodeAt(at) | 32;
  const second = text.charCodeAt(at + 1);
  if (first === 100) return second >= 56;
  return text.startsWith('00', at) && text.charCodeAt(at + 2) < 56;
}

function numberEnd(text: string, from: number, to: number): number {
  let i = from + 1;
  while (i < to) {
    const unit = text.charCodeAt(i);
    if ((unit < 48 || unit > 57) && unit !== 46 && unit !== 101 && unit !== 69 && unit !== 43 && unit !== 45)
      break;
    i++;
  }
  return i;
}

// Without an exponent fifteen characters are always exact.
function isPlainNumber(text: string, from: number, to: number): boolean {
  if (to - from <= 15) {
    let i = from;
    while (i < to && text.charCodeAt(i) < 65) i++;
    if (i === to) return true;
  }
  return isSafeLiteral(text.slice(from, to));
}

function wordEnd(text: string, from: number, to: number): number {
  let i = from;
  while (i < to && !isDelimiter(text.charCodeAt(i))) i++;
  return i;
}

function isDelimiter(unit: number): boolean {
  return unit <= 32 || unit === 44 || unit === 93 || unit === 125;
}
