import { AuditError } from '../audit-error.ts';
import { wordKeyOf, wordsOf, type Token } from './terms.ts';
import { allOf, anyOf, foldText, type Condition } from './condition.ts';
import { filterField, filterFields, type FilterField } from './filter-fields.ts';
import { fail, parseQuery, type Query, type QueryValue } from './query-language.ts';
import { momentsOf, rangeOf } from './time-range.ts';

/** The filters of a caller; an entry must match all of them. */
export interface EntryFilters {
  q?: string | undefined;
  from?: string | undefined;
  to?: string | undefined;
  /** Any of filterParameters, or `attributes.x`. An entry fits when it has one of several values. */
  fields: Readonly<Record<string, string | readonly string[] | undefined>>;
}

export const filterParameters = [
  'actor',
  'action',
  'operation',
  'target',
  'outcome',
  'level',
  'module',
  'subject',
  'correlationId',
  'sessionId',
  'ip',
] as const;

export interface ConditionContext {
  token: Token;
  /** Stands for host ids that are e-mail addresses. */
  pseudonym: (id: string) => string;
  /** Stands for a session id where these are secrets. */
  hiddenSession: (sessionId: string) => string;
  /** IANA zone of bare dates. */
  zone: string;
  now: number;
}

/** @throws AuditError invalid_parameter, invalid_query */
export function conditionOf(filters: EntryFilters, context: ConditionContext): Condition {
  const parts: Condition[] = [];
  const range = rangeOf(filters, context.zone, context.now);
  if (range.from !== -Infinity || range.to !== Infinity) parts.push({ kind: 'time', ...range });
  for (const [parameter, given] of Object.entries(filters.fields)) {
    const field = filterField(parameter);
    if (given === undefined || !field) continue;
    const wrong = (detail: string): never => refuse(parameter, detail);
    // The values of a list are taken literally: `*` is no wildcard in them.
    const quoted = typeof given !== 'string';
    const values = quoted ? given : [given];
    if (values.length === 0 || values.includes(''))
      throw new AuditError('invalid_parameter', { parameter, detail: `${parameter} is empty` });
    parts.push(anyOf(values.map((text) => valueCondition(field, { text, context, quoted, wrong }))));
  }
  const query = filters.q === undefined ? undefined : parseQuery(filters.q);
  if (query) parts.push(queryCondition(query, context));
  return allOf(parts);
}

function refuse(parameter: string, detail: string): never {
  throw new AuditError('invalid_parameter', { parameter, detail: `${parameter}: ${detail}` });
}

function queryCondition(query: Query, context: ConditionContext): Condition {
  switch (query.kind) {
    case 'and':
      return allOf(query.parts.map((part) => queryCondition(part, context)));
    case 'or':
      return anyOf(query.parts.map((part) => queryCondition(part, context)));
    case 'not':
      return { kind: 'not', part: queryCondition(query.part, context) };
    case 'text':
      return textCondition(query, context);
    case 'qualifier':
      return anyOf(query.values.map((value) => qualifierCondition(query, value, context)));
  }
}

function textCondition(query: Query & { kind: 'text' }, context: ConditionContext): Condition {
  const words = wordsOf(query.text);
  if (words.length === 0) fail('free text needs a letter or a digit', query.position);
  if (!query.quoted && query.text.includes('*')) {
    fail(
      'wildcards work after a qualifier, as in action:invoice.*; free text is searched by whole words',
      query.position,
    );
  }
  const keys = words.map((word) => wordKeyOf(word, context.token));
  const single = words.length === 1 && foldText(query.text) === words[0];
  if (single) return { kind: 'keys', keys };
  return { kind: 'phrase', phrase: foldText(query.text).trim(), keys };
}

function qualifierCondition(
  query: Query & { kind: 'qualifier' },
  value: QueryValue,
  context: ConditionContext,
): Condition {
  if (query.field === 'created' || query.field === 'at') return createdCondition(value, context);
  const field = filterField(query.field);
  if (!field)
    fail(
      `there is no qualifier ${query.field}${suggestion(query.field)}; quote it to search the text`,
      query.position,
    );
  const wrong = (detail: string): never => fail(`${query.field}: ${detail}`, value.position);
  if (value.kind !== 'equal') return rangeCondition(field, value, wrong);
  return valueCondition(field, { text: value.text, context, quoted: value.quoted, wrong });
}

function valueCondition(
  field: FilterField,
  options: { text: string; context: ConditionContext; quoted?: boolean; wrong: (detail: string) => never },
): Condition {
  const { text, context, wrong } = options;
  const wild = !options.quoted && text.includes('*');
  if (wild && field.scanned === undefined) wrong('only whole values can be searched here, not wildcards');
  if (wild && field.scanned !== undefined)
    return { kind: 'scan', field: field.scanned, test: wildcard(text) };
  if (field.allowed && !field.allowed.includes(text))
    wrong(`${text} is not one of ${field.allowed.join(', ')}`);
  const equal = field.equal(text, context.token);
  if (field.scanned === 'sessionId')
    return anyOf([equal, field.equal(context.hiddenSession(text), context.token)]);
  // A host id that is an e-mail address is stored under its pseudonym.
  return /^[^\s@]+@[^\s@]+$/.test(text)
    ? anyOf([equal, field.equal(context.pseudonym(text), context.token)])
    : equal;
}

function rangeCondition(
  field: FilterField,
  value: Exclude<QueryValue, { kind: 'equal' }>,
  wrong: (detail: string) => never,
): Condition {
  const { scanned, order } = field;
  if (scanned === undefined) return wrong('only whole values can be searched here, not ranges');
  const rank = (text: string): number => {
    const number = order ? order.indexOf(text) : /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
    return Number.isNaN(number) || (number < 0 && order)
      ? wrong(order ? `${text} is not one of ${order.join(', ')}` : `${text} is not a number`)
      : number;
  };
  const numeric = (text: string): number =>
    order ? order.indexOf(text) : text.trim() === '' ? NaN : Number(text);
  if (value.kind === 'between') {
    const from = rank(value.from);
    const to = rank(value.to);
    return { kind: 'scan', field: scanned, test: (text) => numeric(text) >= from && numeric(text) <= to };
  }
  const bound = rank(value.text);
  const tests = {
    '>': (text: string) => numeric(text) > bound,
    '>=': (text: string) => numeric(text) >= bound,
    '<': (text: string) => numeric(text) < bound,
    '<=': (text: string) => numeric(text) <= bound,
  };
  return { kind: 'scan', field: scanned, test: tests[value.operator] };
}

function createdCondition(value: QueryValue, context: ConditionContext): Condition {
  const read = (text: string): { from: number; to: number } =>
    momentsOf(text, context.zone, context.now) ??
    fail(
      `${text} is not a date (2026-03-31), a time (2026-03-31T10:00:00Z) or relative (now-7d)`,
      value.position,
    );
  if (value.kind === 'between') {
    // Either end may be open: created:2026-03-01..*
    return {
      kind: 'time',
      from: value.from === '*' ? -Infinity : read(value.from).from,
      to: value.to === '*' ? Infinity : read(value.to).to,
    };
  }
  const { from, to } = read(value.text);
  if (value.kind === 'equal') return { kind: 'time', from, to };
  switch (value.operator) {
    case '>':
      return { kind: 'time', from: to, to: Infinity };
    case '>=':
      return { kind: 'time', from, to: Infinity };
    case '<':
      return { kind: 'time', from: -Infinity, to: from };
    case '<=':
      return { kind: 'time', from: -Infinity, to };
  }
}

/**
 * A test for a pattern with `*`. No regular expression is made, since a caller could write a pattern that makes one very
 * slow.
 */
export function wildcard(pattern: string): (value: string) => boolean {
  const [first = '', ...rest] = pattern.split('*');
  const last = rest.pop() ?? '';
  return (value) => {
    if (value.length < first.length + last.length || !value.startsWith(first) || !value.endsWith(last))
      return false;
    let at = first.length;
    for (const part of rest) {
      const start = value.indexOf(part, at);
      if (start < 0) return false;
      at = start + part.length;
    }
    return at <= value.length - last.length;
  };
}

function suggestion(name: string): string {
  const near = Object.keys(filterFields).find(
    (field) => field.toLowerCase() === name.toLowerCase() || field.startsWith(name) || name.startsWith(field),
  );
  return near === undefined ? '' : `, perhaps ${near}`;
}
