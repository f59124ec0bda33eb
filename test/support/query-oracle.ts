/** A stored entry in the form in which a query is evaluated here. */
export interface Stored {
  /** Milliseconds: the earlier of the host's and the server's clock. */
  at: number;
  event: Readonly<Record<string, unknown>>;
}

/** A query as a tree. `write` makes its text, and `holds` decides whether an entry matches. It shares no code with the server. */
export type Asked =
  | { kind: 'and' | 'or'; parts: Asked[] }
  | { kind: 'not'; part: Asked }
  | { kind: 'word'; text: string }
  | { kind: 'phrase'; text: string }
  | { kind: 'is'; field: string; values: string[] }
  | { kind: 'like'; field: string; pattern: string }
  | { kind: 'range'; field: string; operator: '>' | '>=' | '<' | '<=' | '..'; from: string; to: string };

const levels = ['low', 'medium', 'high', 'critical'];

export function holds(asked: Asked, entry: Stored): boolean {
  switch (asked.kind) {
    case 'and':
      return asked.parts.every((part) => holds(part, entry));
    case 'or':
      return asked.parts.some((part) => holds(part, entry));
    case 'not':
      return !holds(asked.part, entry);
    case 'word':
      return readingOf(entry.event).words.has(fold(asked.text));
    case 'phrase':
      return readingOf(entry.event).folded.some((text) => standsIn(text, fold(asked.text)));
    case 'is':
      return asked.values.some((value) => is(entry.event, asked.field, value));
    case 'like': {
      const parts = asked.pattern.split('*').map((part) => part.replaceAll(/[.+?^${}()|[\]\\]/g, '\\$&'));
      const pattern = new RegExp(`^${parts.join('[^]*')}$`, 'u');
      return valuesOf(entry.event, asked.field).some((value) => value.length <= 120 && pattern.test(value));
    }
    case 'range':
      return inRange(asked, entry);
  }
}

function inRange(asked: Asked & { kind: 'range' }, entry: Stored): boolean {
  const { operator, from, to } = asked;
  if (asked.field === 'created') {
    const start = Date.parse(from);
    const end = Date.parse(to);
    const dayMs = 86_400_000;
    if (operator === '..') return entry.at >= start && entry.at < end + dayMs;
    if (operator === '>') return entry.at >= start + dayMs;
    if (operator === '>=') return entry.at >= start;
    return operator === '<' ? entry.at < start : entry.at < start + dayMs;
  }
  const rank = (text: string): number =>
    asked.field === 'level' ? levels.indexOf(text) : /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  const low = rank(from);
  return valuesOf(entry.event, asked.field)
    .map(rank)
    .some((value) => {
      if (operator === '..') return value >= low && value <= rank(to);
      if (operator === '>') return value > low;
      if (operator === '>=') return value >= low;
      return operator === '<' ? value < low : value <= low;
    });
}

function is(event: Stored['event'], field: string, value: string): boolean {
  if (field !== 'actor') return valuesOf(event, field).includes(value);
  const [name = ''] = valuesOf(event, 'actor.name');
  const wanted = wordsIn(value);
  return (
    valuesOf(event, 'actor.id').includes(value) ||
    valuesOf(event, 'actor.email').some((email) => fold(email) === fold(value)) ||
    (wanted.length > 0 && wanted.every((word) => wordsIn(name).includes(word)))
  );
}

/** Every value of a field of an event, as text. For a list these are the values of its items. */
export function valuesOf(event: Stored['event'], field: string): string[] {
  const named: Record<string, string[]> = {
    actor: ['actor', 'id'],
    target: ['targets'],
    'target.type': ['targets', 'type'],
    'target.id': ['targets', 'id'],
    tag: ['tags'],
    amount: ['amount', 'value'],
    currency: ['amount', 'currency'],
    ip: ['client', 'ip'],
    country: ['client', 'country'],
    status: ['request', 'status'],
    method: ['request', 'method'],
  };
  let found: unknown[] = [event];
  for (const key of named[field] ?? field.replaceAll('"', '').split('.'))
    found = found.flatMap((value) => memberOf(value, key));
  if (field === 'target')
    found = found.map((target) => `${memberOf(target, 'type')}/${memberOf(target, 'id')}`);
  const scalars = found
    .flatMap((value) => (Array.isArray(value) ? value : [value]))
    .filter((value) => typeof value !== 'object' || value === null);
  return [...new Set(scalars.map(String))];
}

function memberOf(value: unknown, key: string): unknown[] {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return [];
  const member = Object.entries(value).find(([name]) => name === key)?.[1];
  return Array.isArray(member) ? member : [member];
}

/** Every text and number of an event, except its id and time. */
export function texts(event: Stored['event']): string[] {
  const found: string[] = [];
  const look = (value: unknown): void => {
    if (typeof value === 'string' || typeof value === 'number') found.push(String(value));
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(look);
  };
  look({ ...event, id: null, occurredAt: null });
  return found;
}

interface EventReading {
  folded: string[];
  words: Set<string>;
}
const readings = new WeakMap<object, EventReading>();

/** The texts of an event are kept, so that each event is read only once. */
export function readingOf(event: Stored['event']): EventReading {
  const known = readings.get(event);
  if (known) return known;
  const made = { folded: texts(event).map(fold), words: new Set(texts(event).flatMap(wordsIn)) };
  readings.set(event, made);
  return made;
}

/** The words of a text: the longest runs of letters, digits and marks, in lower case. */
export function wordsIn(text: string): string[] {
  return fold(text)
    .split(/[^\p{L}\p{N}\p{M}]+/u)
    .filter((word) => word !== '');
}

function standsIn(text: string, phrase: string): boolean {
  if (!text.includes(phrase)) return false;
  const escaped = phrase.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
  const letter = '[\\p{L}\\p{N}\\p{M}]';
  const starts = new RegExp(`^${letter}`, 'u').test(phrase) ? `(?<!${letter})` : '';
  const ends = new RegExp(`${letter}$`, 'u').test(phrase) ? `(?!${letter})` : '';
  return new RegExp(starts + escaped + ends, 'u').test(text);
}

function fold(text: string): string {
  return text.normalize('NFC').toLowerCase();
}

/** The text of a query. `spelling` returns a number from 0 to 1, which chooses one of several equal forms. */
export function write(asked: Asked, spelling: () => number): string {
  switch (asked.kind) {
    case 'and':
      return asked.parts.map((part) => inner(part, spelling)).join(spelling() < 0.5 ? ' ' : ' AND ');
    case 'or':
      return asked.parts.map((part) => inner(part, spelling)).join(' OR ');
    case 'not':
      return `${spelling() < 0.7 ? '-' : 'NOT '}${inner(asked.part, spelling)}`;
    case 'word':
      return asked.text;
    case 'phrase':
      return quote(asked.text);
    case 'is': {
      const values = asked.values.map((value) =>
        /^[^\s(),"\\<>*]+$/.test(value) && !value.includes('..') ? value : quote(value),
      );
      return `${asked.field}:${values.length > 1 && spelling() < 0.5 ? `(${values.join(' OR ')})` : values.join(',')}`;
    }
    case 'like':
      return `${asked.field}:${asked.pattern}`;
    case 'range':
      return asked.operator === '..'
        ? `${asked.field}:${asked.from}..${asked.to}`
        : `${asked.field}:${asked.operator}${asked.from}`;
  }
}

function inner(asked: Asked, spelling: () => number): string {
  const text = write(asked, spelling);
  return asked.kind === 'and' || asked.kind === 'or' ? `(${text})` : text;
}

function quote(text: string): string {
  return `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
}
