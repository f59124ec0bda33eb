import { skipSpace } from './json-syntax-error.ts';

const anyText = /"[^"\\]*(?:\\.[^"\\]*)*"/gs;
const token = /[ \t\r\n]*("[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^ \t\r\n{}[\],:"]+)/sy;

/**
 * `JSON.parse` without an error of V8: after an object with the key `\` was parsed, Node 24 reads the key of `{"\"":1}` as
 * `\` too, because it compares the remembered key with the text before the escapes are resolved. So this function builds
 * the few objects whose keys have escapes itself. It is recursive: the caller has limited the depth.
 * @throws SyntaxError
 */
export function parseJson(text: string): unknown {
  const parsed: unknown = JSON.parse(text);
  if (!text.includes('\\') || !hasEscapedKey(text)) return parsed;
  return readValue({ text, at: 0 });
}

function hasEscapedKey(text: string): boolean {
  for (const { 0: quoted, index } of text.matchAll(anyText)) {
    if (quoted.includes('\\') && text[skipSpace(text, index + quoted.length, text.length)] === ':')
      return true;
  }
  return false;
}

type Reader = { readonly text: string; at: number };

/** Reads one value; the caller has checked that the text is JSON. */
function readValue(reader: Reader): unknown {
  const first = next(reader);
  if (first === '{') return readMembers(reader);
  if (first !== '[') return JSON.parse(first);
  const elements: unknown[] = [];
  if (peek(reader) === ']') next(reader);
  else {
    do elements.push(readValue(reader));
    while (next(reader) === ',');
  }
  return elements;
}

function readMembers(reader: Reader): object {
  const members: object = {};
  if (peek(reader) === '}') {
    next(reader);
    return members;
  }
  do {
    const key = String(JSON.parse(next(reader)));
    next(reader);
    const value = readValue(reader);
    // An assignment to __proto__ would set the prototype.
    Object.defineProperty(members, key, { value, enumerable: true, configurable: true, writable: true });
  } while (next(reader) === ',');
  return members;
}

function next(reader: Reader): string {
  token.lastIndex = reader.at;
  const match = token.exec(reader.text);
  reader.at = token.lastIndex;
  return match?.[1] ?? '';
}

function peek(reader: Reader): string {
  const { at } = reader;
  const text = next(reader);
  reader.at = at;
  return text;
}
