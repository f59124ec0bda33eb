import { wordsIn, texts, valuesOf, type Asked, type Stored } from './query-oracle.ts';
import type { Random } from './random.ts';

const exactFields = [
  'actor',
  'actor.role',
  'actor.type',
  'action',
  'operation',
  'target',
  'target.type',
  'target.id',
  'outcome',
  'level',
  'module',
  'tag',
  'currency',
  'amount',
  'ip',
  'country',
  'status',
  'method',
  'sessionId',
  'correlationId',
  'changes.path',
  'attributes.zone',
  'attributes.count',
  'attributes.nested.list',
  'attributes.nested.flag',
  'attributes."Código postal"',
  'error.code',
  'durationMs',
];
const wildFields = ['action', 'module', 'target', 'attributes.zone', 'sessionId', 'actor', 'attributes.note'];
const rangeFields = ['level', 'durationMs', 'attributes.count', 'status', 'amount', 'created'];

/** A query with values of the entries, so that it mostly finds something. */
export function randomQuery(random: Random, entries: readonly Stored[], depth = 0): Asked {
  const chance = random.next();
  const part = (): Asked => randomQuery(random, entries, depth + 1);
  if (depth < 3 && chance < (depth === 0 ? 0.6 : 0.25)) {
    const kind = random.chance(0.6) ? 'and' : 'or';
    return { kind, parts: Array.from({ length: 2 + random.int(2) }, part) };
  }
  if (depth < 4 && chance > 0.88) return { kind: 'not', part: part() };
  return term(random, random.pick(entries));
}

function term(random: Random, entry: Stored): Asked {
  switch (random.int(8)) {
    case 0:
      return { kind: 'word', text: random.pick(bareWords(entry)) };
    case 1:
      return { kind: 'phrase', text: phraseOf(random, entry) };
    case 2:
      return likeOf(random, entry);
    case 3:
      return rangeOf(random, entry);
    default:
      return isOf(random, entry);
  }
}

function bareWords(entry: Stored): string[] {
  const words = texts(entry.event).flatMap(wordsIn);
  return words.length === 0 ? ['nothing'] : words;
}

function phraseOf(random: Random, entry: Stored): string {
  const text = random.pick(texts(entry.event).filter((candidate) => wordsIn(candidate).length > 0));
  const pieces = text.split(' ');
  const first = random.int(pieces.length);
  const piece = pieces.slice(first, first + 1 + random.int(3)).join(' ');
  return wordsIn(piece).length > 0 ? piece : text;
}

function isOf(random: Random, entry: Stored): Asked {
  const field = random.pick(exactFields);
  const own = valuesOf(entry.event, field).filter((value) => value !== '');
  const fallback: Record<string, string> = { operation: 'read', outcome: 'skipped', level: 'critical' };
  const values = own.length > 0 ? own : [fallback[field] ?? 'nothing-has-this'];
  const name =
    field === 'actor' && random.chance(0.3)
      ? valuesOf(entry.event, random.pick(['actor.name', 'actor.email']))
      : [];
  const [more = values[0] ?? ''] = random.shuffled([...values, fallback[field] ?? 'or this']);
  return {
    kind: 'is',
    field,
    values: [...new Set([name[0] ?? random.pick(values), ...(random.chance(0.4) ? [more] : [])])],
  };
}

function likeOf(random: Random, entry: Stored): Asked {
  const field = random.pick(wildFields);
  const [value = 'x'] = random.shuffled(
    valuesOf(entry.event, field).filter(
      (candidate) => /^[^\s(),"\\<>*]+$/.test(candidate) && !candidate.includes('..'),
    ),
  );
  const letters = [...value];
  const from = random.int(letters.length);
  const pattern = [...letters.slice(0, from), '*', ...letters.slice(from + random.int(letters.length))].join(
    '',
  );
  return { kind: 'like', field, pattern: random.chance(0.2) ? `*${pattern}` : pattern };
}

function rangeOf(random: Random, entry: Stored): Asked {
  const field = random.pick(rangeFields);
  const operator = random.pick(['>', '>=', '<', '<=', '..'] as const);
  const day = (shift: number): string => new Date(entry.at + shift * 86_400_000).toISOString().slice(0, 10);
  if (field === 'created') return { kind: 'range', field, operator, from: day(0), to: day(random.int(40)) };
  if (field === 'level')
    return { kind: 'range', field, operator, from: random.pick(['low', 'medium', 'high']), to: 'high' };
  const value = Number(valuesOf(entry.event, field)[0] ?? 7);
  return { kind: 'range', field, operator, from: String(value), to: String(value + random.int(20)) };
}
