import { AuditError } from '../audit-error.ts';

/** A query as written; positions are 1-based characters in it. */
export type Query =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Query[] }
  | { readonly kind: 'not'; readonly part: Query }
  | { readonly kind: 'text'; readonly text: string; readonly quoted: boolean; readonly position: number }
  | {
      readonly kind: 'qualifier';
      readonly field: string;
      readonly values: readonly QueryValue[];
      readonly position: number;
    };

export type QueryValue =
  | { readonly kind: 'equal'; readonly text: string; readonly quoted: boolean; readonly position: number }
  | {
      readonly kind: 'compare';
      readonly operator: '>' | '>=' | '<' | '<=';
      readonly text: string;
      readonly position: number;
    }
  | { readonly kind: 'between'; readonly from: string; readonly to: string; readonly position: number };

export const queryLimits = { queryCharsMax: 2_000, depthMax: 20, termsMax: 100 };

/**
 * Parses `actor:ana -action:session.* level:>=high created:2026-03-01..2026-03-31 (outcome:failure OR "wire transfer")`.
 * Words side by side are joined by AND; `-` and NOT negate; `a,b` or `(a OR b)` after a colon is a set.
 * @throws AuditError invalid_query with the position of what is wrong
 */
export function parseQuery(text: string): Query | undefined {
  if (text.length > queryLimits.queryCharsMax)
    fail(`a query has at most ${queryLimits.queryCharsMax} characters`, queryLimits.queryCharsMax + 1);
  const parser: Parser = { text, at: 0, depth: 0, terms: 0 };
  skipSpace(parser);
  if (parser.at === text.length) return undefined;
  const query = parseOr(parser);
  if (parser.at < text.length) fail('this closing parenthesis was never opened', parser.at + 1);
  return query;
}

interface Parser {
  readonly text: string;
  at: number;
  depth: number;
  terms: number;
}

function parseOr(parser: Parser): Query {
  const parts = [parseAnd(parser)];
  while (takeWord(parser, 'OR')) parts.push(parseAnd(parser));
  return join('or', parts);
}

function parseAnd(parser: Parser): Query {
  const parts = [parseUnary(parser)];
  for (;;) {
    const explicit = takeWord(parser, 'AND');
    skipSpace(parser);
    const end = parser.at >= parser.text.length || parser.text[parser.at] === ')' || isWord(parser, 'OR');
    if (end && !explicit) return join('and', parts);
    parts.push(parseUnary(parser));
  }
}

function join(kind: 'and' | 'or', parts: Query[]): Query {
  const [only] = parts;
  return parts.length === 1 && only ? only : { kind, parts };
}

function parseUnary(parser: Parser): Query {
  skipSpace(parser);
  const position = parser.at + 1;
  const negated = takeWord(parser, 'NOT') || takeMinus(parser);
  if (!negated) return parsePrimary(parser);
  return nested(parser, position, () => ({ kind: 'not', part: parseUnary(parser) }));
}

function takeMinus(parser: Parser): boolean {
  if (parser.text[parser.at] !== '-' || /^(\s|$)/.test(parser.text.slice(parser.at + 1, parser.at + 2)))
    return false;
  parser.at++;
  return true;
}

function parsePrimary(parser: Parser): Query {
  skipSpace(parser);
  const position = parser.at + 1;
  const letter = parser.text[parser.at];
  if (letter === undefined) fail('something must follow here', position);
  if (letter === ')') fail('something must stand before this parenthesis', position);
  for (const word of ['AND', 'OR'])
    if (isWord(parser, word)) fail(`something must stand before ${word}`, position);
  if (letter === '(') return nested(parser, position, () => parseGroup(parser, position));
  if (++parser.terms > queryLimits.termsMax)
    fail(`a query has at most ${queryLimits.termsMax} terms`, position);
  if (letter === '"') return { kind: 'text', text: readQuoted(parser), quoted: true, position };
  const field =
    /^[\p{L}_][\p{L}\p{N}_.$-]*(?=:)/u.exec(parser.text.slice(parser.at))?.[0] ?? quotedField(parser);
  if (field === undefined) return { kind: 'text', text: readBare(parser), quoted: false, position };
  parser.at += field.length + 1;
  return { kind: 'qualifier', field, values: readValues(parser), position };
}

/** `attributes.Código postal:` is not a word; its key may be quoted: `attributes."Código postal":28001`. */
function quotedField(parser: Parser): string | undefined {
  return /^(?:attributes|context)\."[^"\n]+"(?=:)/u.exec(parser.text.slice(parser.at))?.[0];
}

function parseGroup(parser: Parser, position: number): Query {
  parser.at++;
  const query = parseOr(parser);
  if (parser.text[parser.at] !== ')') fail('this parenthesis is never closed', position);
  parser.at++;
  return query;
}

function nested(parser: Parser, position: number, parse: () => Query): Query {
  if (++parser.depth > queryLimits.depthMax) fail(`nested deeper than ${queryLimits.depthMax}`, position);
  const query = parse();
  parser.depth--;
  return query;
}

function readValues(parser: Parser): QueryValue[] {
  if (parser.text[parser.at] === '(') return readSet(parser);
  const values = [readValue(parser)];
  while (parser.text[parser.at] === ',') {
    parser.at++;
    values.push(readValue(parser));
  }
  return values;
}

function readSet(parser: Parser): QueryValue[] {
  const position = parser.at + 1;
  parser.at++;
  const values: QueryValue[] = [];
  for (;;) {
    skipSpace(parser);
    if (parser.at >= parser.text.length) fail('this parenthesis is never closed', position);
    if (parser.text[parser.at] === ')') break;
    if (values.length > 0) takeWord(parser, 'OR');
    skipSpace(parser);
    values.push(readValue(parser));
    if (parser.text[parser.at] === ',') parser.at++;
  }
  parser.at++;
  if (values.length === 0) fail('a set needs a value', position);
  return values;
}

function readValue(parser: Parser): QueryValue {
  const position = parser.at + 1;
  const operator = /^(>=|<=|>|<)/.exec(parser.text.slice(parser.at, parser.at + 2))?.[0];
  if (operator === '>' || operator === '>=' || operator === '<' || operator === '<=') {
    parser.at += operator.length;
    return { kind: 'compare', operator, text: readOperand(parser).text, position };
  }
  const operand = readOperand(parser);
  const range = operand.quoted ? undefined : /^(.+?)\.\.(.+)$/.exec(operand.text);
  if (range?.[1] !== undefined && range[2] !== undefined)
    return { kind: 'between', from: range[1], to: range[2], position };
  return { kind: 'equal', text: operand.text, quoted: operand.quoted, position };
}

function readOperand(parser: Parser): { text: string; quoted: boolean } {
  const position = parser.at + 1;
  if (parser.text[parser.at] === '"') return { text: readQuoted(parser), quoted: true };
  const text = /^[^\s(),"]+/.exec(parser.text.slice(parser.at))?.[0];
  if (text === undefined) fail('a value must follow the colon', position);
  parser.at += text.length;
  return { text, quoted: false };
}

function readQuoted(parser: Parser): string {
  const position = parser.at + 1;
  const quoted = /^"((?:[^"\\]|\\.)*)"/su.exec(parser.text.slice(parser.at));
  if (!quoted) fail('this quotation mark is never closed', position);
  parser.at += quoted[0].length;
  const text = (quoted[1] ?? '').replaceAll(/\\(.)/gsu, '$1');
  if (text === '') fail('there is nothing between the quotation marks', position);
  return text;
}

function readBare(parser: Parser): string {
  const text = /^[^\s()"]+/.exec(parser.text.slice(parser.at))?.[0] ?? '';
  parser.at += text.length;
  return text;
}

function isWord(parser: Parser, word: string): boolean {
  return (
    parser.text.startsWith(word, parser.at) &&
    /^(?:$|[\s()"])/.test(parser.text.slice(parser.at + word.length, parser.at + word.length + 1))
  );
}

function takeWord(parser: Parser, word: string): boolean {
  skipSpace(parser);
  if (!isWord(parser, word)) return false;
  parser.at += word.length;
  return true;
}

function skipSpace(parser: Parser): void {
  while (/\s/.test(parser.text[parser.at] ?? '')) parser.at++;
}

export function fail(detail: string, position: number): never {
  throw new AuditError('invalid_query', {
    parameter: 'q',
    detail: `${detail} (character ${position})`,
    position,
  });
}
