import { skipSpace } from './json-syntax-error.ts';

const anyText = /"[^"\\]*(?:\\.[^"\\]*)*"/gs;
const token = /[ \t\r\n]*("[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]|[^ \t\r\n{}[\],:"]+)/sy;

/**
 * `JSON.parse`, right also where V8 is wrong: once an object with the key `\` was parsed, Node 24 read the key of
 * `{"\"":1}` as `\`, too (the remembered key is compared with the text before its escapes are resolved). Objects whose
 * keys have escapes, which are few, are put together here. Recursive: the caller has limited the depth.
 * @throws SyntaxError
 */
export function parseJson(text: string): unknown {
  const parsed: unknown = JSON.parse(text);
  if (!text.includes('\\') || !hasEscapedKey(text)) return parsed;
  return readValue({ text, at: 0 });
}

function hasEscapedKey(text: string): boolean {
  for (const { 0: found, index } of text.matchAll(anyText)) {
    if (found.includes('\\') && text[skipSpace(text, index + found.length, text.length)] === ':') return true;
  }
  return false;
}

type Reader = { readonly text: string; at: number };

/** The text is known to be JSON. */
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
    // Assigning to __proto__ would do something else.
    Object.defineProperty(members, key, { value, enumerable: true, configurable: true, writable: true });
  } while (next(reader) === ',');
  return members;
}

function next(reader: Reader): string {
  token.lastIndex = reader.at;
  const found = token.exec(reader.text);
  reader.at = token.lastIndex;
  return found?.[1] ?? '';
}

function peek(reader: Reader): string {
  const { at } = reader;
  const found = next(reader);
  reader.at = at;
  return found;
}
