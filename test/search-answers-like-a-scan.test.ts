import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { answerOf, exactAnswer } from './support/answer-of.ts';
import { inventEvents, type InventedEvent } from './support/invented-events.ts';
import { holds, valuesOf, write, type Asked, type Stored } from './support/query-oracle.ts';
import { randomQuery } from './support/random-query.ts';
import { createRandom } from './support/random.ts';
import { startTestServer, type TestServer } from './support/test-server.ts';
import { waitUntil } from './support/wait-until.ts';

interface Entry extends Stored {
  id: string;
  ledger: string;
  index: number;
}

interface Page {
  entries: {
    id: string;
    index: number;
    ledger: string;
    ingestedAt: string;
    event: Record<string, unknown>;
  }[];
  next: string | null;
  previous: string | null;
  count: number;
  exact: boolean;
}

const queries = process.env['BITACORA_FAULTS'] === 'full' ? 1_000 : 600;
const random = createRandom(20_260_301);
const sent = inventEvents(random, 2_500);
let server: TestServer;
/** The number of answers that were still inexact after several questions, because reading texts took two seconds. */
let gaveUp = 0;
/** The entries newest first, in the order that the server must give. */
let entries: Entry[];

const page = (parameters: Record<string, string>): Promise<Page> =>
  answerOf(server, '/v1/events', parameters);

beforeAll(async () => {
  server = await startTestServer({ BITACORA_SEGMENT_ENTRIES_MAX: '900' });
  await server.json('/v1/ledgers', {
    method: 'POST',
    body: '{"name":"second"}',
    headers: { 'content-type': 'application/json' },
  });
  // The server keeps the grant of a key for two seconds.
  await waitUntil(
    'the new ledger',
    async () => (await server.send(sent.slice(0, 500), { ledger: 'second' })).status === 201,
  );
  for (let first = 500; first < sent.length; first += 500) {
    const { body } = await server.send(sent.slice(first, first + 500));
    expect(body).toMatchObject({ accepted: 500 });
  }
  const byId = new Map<string, InventedEvent>(sent.map((event) => [event.id, event]));
  entries = [];
  for (const ledger of ['default', 'second']) {
    for (let cursor: string | null = ''; cursor !== null;) {
      const found: Page = await page({ ledger, limit: '1000', ...(cursor === '' ? {} : { cursor }) });
      for (const { id, index, ledger: name, ingestedAt, event } of found.entries) {
        expect(event).toEqual(byId.get(id));
        const occurredAt = typeof event['occurredAt'] === 'string' ? event['occurredAt'] : ingestedAt;
        entries.push({
          id,
          index,
          ledger: name,
          event,
          at: Math.min(Date.parse(occurredAt), Date.parse(ingestedAt)),
        });
      }
      cursor = found.next;
    }
  }
  entries.sort(
    (a, b) => b.at - a.at || (a.ledger < b.ledger ? 1 : a.ledger > b.ledger ? -1 : b.index - a.index),
  );
});

afterAll(async () => {
  await server.dispose();
});

test('F-04 every event sent is found once and comes back as it was sent', () => {
  expect(entries.length).toBe(sent.length);
  expect(new Set(entries.map((entry) => entry.id)).size).toBe(sent.length);
});

test(`F-04 ${queries} random queries find what a scan finds: entries in order, counts, facets and histograms`, async () => {
  let found = 0;
  for (let number = 0; number < queries; number++) {
    const asked = randomQuery(random, entries);
    const q = write(asked, random.next);
    if (q.length > 1_900) continue;
    const expected = entries.filter((entry) => holds(asked, entry));
    found += expected.length > 0 ? 1 : 0;
    await compareEntries(q, expected);
    if (number % 5 === 0) await compareNumbers(q, expected);
  }
  expect(found).toBeGreaterThan(queries * 0.6);
  // Two seconds are enough here, unless the machine is busy with other work.
  expect(gaveUp).toBeLessThan(queries / 2);
});

/** An inexact count may only be too low. */
function atLeast(counted: number, all: number): number {
  gaveUp++;
  return counted <= all ? all : counted;
}

async function compareEntries(q: string, expected: readonly Entry[]): Promise<void> {
  const limit = random.pick([1, 20, 1000]);
  const order = random.pick(['asc', 'desc']);
  const answer = await page({ q, limit: String(limit), order, count: 'true' });
  const ids = expected.map((entry) => entry.id);
  if (order === 'asc') ids.reverse();
  // A page that ended after two seconds of reading texts continues where it stopped.
  let { next } = answer;
  while (answer.entries.length < limit && next !== null) {
    const more = await page({ q, limit: String(limit - answer.entries.length), order, cursor: next });
    answer.entries.push(...more.entries);
    ({ next } = more);
  }
  const count = answer.exact ? answer.count : atLeast(answer.count, expected.length);
  expect({ q, order, count, ids: answer.entries.map((entry) => entry.id) }).toEqual({
    q,
    order,
    count: expected.length,
    ids: ids.slice(0, limit),
  });
}

async function compareNumbers(q: string, expected: readonly Entry[]): Promise<void> {
  const fields = [
    'action',
    'actor',
    'attributes.zone',
    'attributes.count',
    'changes.path',
    'target',
    'tag',
    'outcome',
  ];
  const facets = await exactAnswer(() =>
    server.json(`/v1/facets?${new URLSearchParams({ q, fields: fields.join(), limit: '1000' })}`),
  );
  const wanted = Object.fromEntries(fields.map((field) => [field, facet(expected, field)]));
  if (!facets.body.exact) gaveUp++;
  else expect({ q, ...facets.body }).toEqual({ q, exact: true, facets: wanted });
  const interval = random.pick(['hour', 'day'] as const);
  const by = random.pick(['outcome', 'level']);
  const histogram = await exactAnswer(() =>
    server.json(`/v1/histogram?${new URLSearchParams({ q, interval, by })}`),
  );
  if (!histogram.body.exact) gaveUp++;
  else expect({ q, ...histogram.body }).toEqual({ q, exact: true, buckets: buckets(expected, interval, by) });
}

function facet(found: readonly Entry[], field: string): { value: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const { event } of found)
    for (const value of valuesOf(event, field)) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count || (a.value < b.value ? -1 : 1));
}

function buckets(found: readonly Entry[], interval: 'hour' | 'day', by: string): unknown[] {
  const counts = new Map<string, Record<string, number>>();
  for (const { at, event } of found) {
    const time = new Date(at).toISOString();
    const from =
      interval === 'hour' ? `${time.slice(0, 13)}:00:00.000Z` : `${time.slice(0, 10)}T00:00:00.000Z`;
    const bucket = counts.get(from) ?? {};
    for (const value of valuesOf(event, by)) bucket[value] = (bucket[value] ?? 0) + 1;
    counts.set(from, bucket);
  }
  return [...counts]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([from, split]) => ({
      from,
      by: split,
      count: Object.values(split).reduce((sum, count) => sum + count, 0),
    }));
}

test('without a filter the numbers equal those of a scan, also for the oldest and for future times', async () => {
  for (const interval of ['hour', 'day'] as const) {
    const { body } = await server.json(`/v1/histogram?interval=${interval}&by=outcome`);
    expect(body.buckets).toEqual(buckets(entries, interval, 'outcome'));
  }
  const { body } = await server.json('/v1/facets?fields=actor,action,outcome,level,module&limit=1000');
  for (const field of ['actor', 'action', 'outcome', 'level', 'module'])
    expect(body.facets[field]).toEqual(facet(entries, field));
});

test('F-04 pages forwards and backwards contain every entry once, with any page size', async () => {
  for (const [q, limit] of [
    ['level:>=medium', 37],
    ['zone OR transfer', 100],
    ['"wire transfer" OR amount:>0', 60],
  ] as const) {
    for (const order of ['desc', 'asc']) {
      const { count, exact } = await page({ q, count: 'true', limit: '1' });
      const forward: string[][] = [];
      let last: Page | undefined;
      for (let cursor: string | null = ''; cursor !== null; cursor = last.next) {
        last = await page({ q, order, limit: String(limit), ...(cursor === '' ? {} : { cursor }) });
        forward.push(last.entries.map((entry) => entry.id));
      }
      expect(new Set(forward.flat()).size).toBe(exact ? count : atLeast(count, forward.flat().length));
      const back = [forward.at(-1) ?? []];
      for (let cursor = last?.previous ?? null; cursor !== null;) {
        const before: Page = await page({ q, order, limit: String(limit), cursor });
        back.unshift(before.entries.map((entry) => entry.id));
        cursor = before.previous;
      }
      expect(back).toEqual(forward);
    }
  }
});

test('parameters filter like qualifiers, and from and to include whole days', async () => {
  const asked: [Record<string, string>, Asked][] = [
    [{ actor: 'Torres' }, { kind: 'is', field: 'actor', values: ['Torres'] }],
    [{ actor: 'OMAR@example.org' }, { kind: 'is', field: 'actor', values: ['omar@example.org'] }],
    [
      { target: 'invoice/7', outcome: 'failure' },
      {
        kind: 'and',
        parts: [
          { kind: 'is', field: 'target', values: ['invoice/7'] },
          { kind: 'is', field: 'outcome', values: ['failure'] },
        ],
      },
    ],
    [{ ip: '10.0.0.3' }, { kind: 'is', field: 'ip', values: ['10.0.0.3'] }],
    [{ action: 'session.*' }, { kind: 'like', field: 'action', pattern: 'session.*' }],
    [
      { from: '1975-01-01', to: '1975-01-01' },
      { kind: 'range', field: 'created', operator: '..', from: '1975-01-01', to: '1975-01-01' },
    ],
    [
      { from: '2025-06-01', to: '2026-02-28' },
      { kind: 'range', field: 'created', operator: '..', from: '2025-06-01', to: '2026-02-28' },
    ],
  ];
  for (const [parameters, query] of asked) {
    const expected = entries.filter((entry) => holds(query, entry));
    const answer = await page({ ...parameters, count: 'true', limit: '1000' });
    expect({ parameters, count: answer.count }).toEqual({ parameters, count: expected.length });
    expect(answer.entries.map((entry) => entry.id)).toEqual(expected.slice(0, 1000).map((entry) => entry.id));
  }
});

describe('a question that cannot be answered is refused, and the answer names the fault', () => {
  test.each([
    ['actor:ana )', 11],
    ['(actor:ana', 1],
    ['actor:', 7],
    ['wire OR', 8],
    ['AND wire', 1],
    ['wire AND OR x', 10],
    ['"wire transfer', 1],
    ['actor:ana nosuch:1', 11],
    ['level:>=huge', 7],
    ['outcome:failed', 9],
    ['created:yesterday', 9],
    ['created:2026-02-30', 9],
    ['durationMs:>fast', 12],
    ['ip:10.*', 4],
    ['wir*', 1],
    ['-', 1],
    ['action:()', 8],
    ['""', 1],
    ['('.repeat(30), 21],
  ])('the query %j is refused at character %i', async (q, position) => {
    const { status, body } = await server.json(`/v1/events?${new URLSearchParams({ q })}`);
    expect({ status, position: body.position, parameter: body.parameter }).toEqual({
      status: 400,
      position,
      parameter: 'q',
    });
  });

  test.each([
    ['/v1/events', 'colour=red', 'colour'],
    ['/v1/events', 'limit=0', 'limit'],
    ['/v1/events', 'limit=1001', 'limit'],
    ['/v1/events', 'limit=ten', 'limit'],
    ['/v1/events', 'cursor=zzz', 'cursor'],
    ['/v1/events', 'cursor=WzEsMl0', 'cursor'],
    ['/v1/events', 'order=sideways', 'order'],
    ['/v1/events', 'from=2026-13-01', 'from'],
    ['/v1/events', 'to=soon', 'to'],
    ['/v1/events', 'outcome=great', 'outcome'],
    ['/v1/events', 'level=low&level=high', 'level'],
    ['/v1/events', 'actor=', 'actor'],
    ['/v1/events', 'count=maybe', 'count'],
    ['/v1/facets', '', 'fields'],
    ['/v1/facets', 'fields=colour', 'fields'],
    ['/v1/facets', 'fields=ip', 'fields'],
    ['/v1/facets', 'fields=action&limit=5000', 'limit'],
    ['/v1/histogram', '', 'interval'],
    ['/v1/histogram', 'interval=minute', 'interval'],
    ['/v1/histogram', 'interval=day&by=ip', 'by'],
    ['/v1/tail', 'limit=5', 'limit'],
  ])('%s?%s is refused naming %s', async (path, query, parameter) => {
    const { status, body } = await server.json(`${path}?${query}`);
    expect({ status, parameter: body.parameter }).toEqual({ status: 400, parameter });
  });

  test('a ledger that does not exist is 404', async () => {
    expect(await server.json('/v1/events?ledger=third')).toMatchObject({
      status: 404,
      body: { parameter: 'ledger' },
    });
  });
});
