const OBJECT = 1;
const ARRAY = 2;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

/**
 * The position (UTF-16) at which `text` from `from` to `to` stops being one JSON value, or -1 when it is one.
 * Without recursion, so that it also judges texts that `JSON.parse` must not see; used on the slow path only.
 */
export function jsonSyntaxError(text: string, from = 0, to = text.length): number {
  const stack = new BracketStack();
  let i = skipSpace(text, from, to);
  let empty = false;
  for (;;) {
    // A value is expected here, or the end of a container that was just opened.
    const unit = i < to ? text.charCodeAt(i) : 0;
    if (empty && unit === (stack.top() === OBJECT ? 125 : 93)) {
      stack.pop();
      i++;
    } else {
      if (stack.top() === OBJECT) {
        const colon = keyEnd(text, i, to);
        if (colon < 0) return ~colon;
        i = skipSpace(text, colon, to);
      }
      const opened = text.charCodeAt(i);
      if (i < to && (opened === 123 || opened === 91)) {
        stack.push(opened === 123 ? OBJECT : ARRAY);
        empty = true;
        i = skipSpace(text, i + 1, to);
        continue;
      }
      const end = scalarEnd(text, i, to);
      if (end < 0) return ~end;
      i = end;
    }
    empty = false;
    // After a value: close what ends, then a comma or the end.
    i = skipSpace(text, i, to);
    while (stack.top() !== 0 && i < to && text.charCodeAt(i) === (stack.top() === OBJECT ? 125 : 93)) {
      stack.pop();
      i = skipSpace(text, i + 1, to);
    }
    if (stack.top() === 0) return i === to ? -1 : i;
    if (i >= to || text.charCodeAt(i) !== 44) return i;
    i = skipSpace(text, i + 1, to);
  }
}

/** The first position from `from` that is not JSON white space. */
export function skipSpace(text: string, from: number, to: number): number {
  let i = from;
  while (i < to) {
    const unit = text.charCodeAt(i);
    if (unit !== 32 && unit !== 10 && unit !== 13 && unit !== 9) break;
    i++;
  }
  return i;
}

// These functions return the position after what they read, or the complement (~) of the position of the error.
function keyEnd(text: string, from: number, to: number): number {
  const end = stringEnd(text, from, to);
  if (end < 0) return end;
  const colon = skipSpace(text, end, to);
  return colon < to && text.charCodeAt(colon) === 58 ? colon + 1 : ~colon;
}

function scalarEnd(text: string, from: number, to: number): number {
  if (text.charCodeAt(from) === 34) return stringEnd(text, from, to);
  for (const word of ['true', 'false', 'null']) {
    if (from + word.length <= to && text.startsWith(word, from)) return from + word.length;
  }
  NUMBER.lastIndex = from;
  const match = NUMBER.exec(text);
  return match !== null && NUMBER.lastIndex <= to ? NUMBER.lastIndex : ~from;
}

function stringEnd(text: string, from: number, to: number): number {
  if (from >= to || text.charCodeAt(from) !== 34) return ~from;
  for (let i = from + 1; i < to; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 34) return i + 1;
    if (unit < 32) return ~i;
    if (unit === 92) {
      const end = escapeEnd(text, i, to);
      if (end < 0) return end;
      i = end - 1;
    }
  }
  return ~to;
}

function escapeEnd(text: string, from: number, to: number): number {
  const kind = from + 1 < to ? text.charAt(from + 1) : '';
  if (kind !== '' && '"\\/bfnrt'.includes(kind)) return from + 2;
  const valid = kind === 'u' && from + 6 <= to && /^[0-9a-fA-F]{4}$/.test(text.slice(from + 2, from + 6));
  return valid ? from + 6 : ~from;
}

/** One byte per open bracket: a body of nothing but brackets costs no more memory than itself. */
class BracketStack {
  #kinds = new Uint8Array(64);
  #size = 0;

  top(): number {
    return this.#size === 0 ? 0 : (this.#kinds[this.#size - 1] ?? 0);
  }

  push(kind: number): void {
    if (this.#size === this.#kinds.length) {
      const larger = new Uint8Array(this.#kinds.length * 2);
      larger.set(this.#kinds);
      this.#kinds = larger;
    }
    this.#kinds[this.#size++] = kind;
  }

  pop(): void {
    this.#size--;
  }
}
