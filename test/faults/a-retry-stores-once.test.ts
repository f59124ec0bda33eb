import { randomInt } from 'node:crypto';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { makeEvents, type MadeEvent } from '../support/make-events.ts';
import { readPublishedLedger } from '../support/read-published-ledger.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

const all = process.env['BITACORA_FAULTS'] === 'full';
const segmentEntries = 100;
const dayMs = 24 * 3_600_000;

const result = z.object({
  id: z.string(),
  index: z.number().optional(),
  leafHash: z.string().optional(),
  duplicate: z.boolean().optional(),
  error: z.object({ code: z.string(), field: z.string() }).optional(),
});
const answer = z.object({
  accepted: z.number(),
  duplicates: z.number(),
  rejected: z.number(),
  results: z.array(result),
});

let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ BITACORA_SEGMENT_ENTRIES_MAX: String(segmentEntries) });
});
afterAll(() => server.dispose());

/** The index and the leaf hash of each id. */
type Places = Map<string, string>;

async function send(events: readonly unknown[], status = 201): Promise<z.infer<typeof answer>> {
  const { status: found, body } = await server.send(events);
  expect(found, JSON.stringify(body).slice(0, 500)).toBe(status);
  return answer.parse(body);
}

function placesOf(found: z.infer<typeof answer>): Places {
  return new Map(found.results.map(({ id, index, leafHash }) => [id, `${index} ${leafHash}`]));
}

function expectSamePlaces(found: z.infer<typeof answer>, first: Places): void {
  for (const [id, place] of placesOf(found)) expect(place).toBe(first.get(id));
}

function shuffled<T>(values: readonly T[]): T[] {
  const copy = [...values];
  for (let last = copy.length - 1; last > 0; last--) {
    const other = randomInt(last + 1);
    copy.splice(other, 1, ...copy.splice(last, 1, ...copy.slice(other, other + 1)));
  }
  return copy;
}

/** Checks that the tree has each id once, at the acknowledged index. */
async function expectStoredOnce(first: Places): Promise<void> {
  const sizeLeast = Math.max(...[...first.values()].map((place) => Number.parseInt(place, 10))) + 1;
  const published = await readPublishedLedger(server, { sizeLeast });
  const seen = new Map<string, number>();
  published.entries.forEach((entry, index) => {
    const { id } = z.object({ id: z.string() }).parse(JSON.parse(entry.toString('utf8')));
    seen.set(id, (seen.get(id) ?? 0) + 1);
    const place = first.get(id);
    if (place !== undefined) expect(`${index} ${published.leaves[index]?.toString('base64')}`).toBe(place);
  });
  for (const id of first.keys()) expect(seen.get(id)).toBe(1);
}

/** Waits until the segments are closed, which happens at most two seconds after they are full. */
async function closedSegments(): Promise<void> {
  const full = `select 1 from bitacora.segment s join bitacora.segment_range r on r.segment = s.number
    where s.state = 'open' group by s.number having sum(r.end_index - r.first_index) >= ${segmentEntries}`;
  await asAdministrator(async (database) => {
    await expect.poll(async () => (await database.query(full)).rowCount).toBe(0);
  });
}

async function asAdministrator<Result>(use: (database: pg.Client) => Promise<Result>): Promise<Result> {
  const database = new pg.Client({ connectionString: server.superuserUrl() });
  await database.connect();
  try {
    return await use(database);
  } finally {
    await database.end();
  }
}

test('F17 the same batch sent 50 times, at once and reordered, is stored once and gets the same answer each time', async () => {
  const events = makeEvents(120);
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, time) => send(time === 0 ? events : shuffled(events))),
  );
  expect(answers.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(120);
  expect(answers.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(49 * 120);
  const [one] = answers;
  if (!one) throw new Error('no answer');
  const first = placesOf(one);
  for (const again of answers) expectSamePlaces(again, first);
  await expectStoredOnce(first);
});

test('F17 overlapping batches, resubmitted at random, store each event once', async () => {
  const events = makeEvents(400);
  const first: Places = new Map();
  const resubmitted = all ? 100_000 : 10_000;
  let sent = 0;
  while (sent < resubmitted) {
    const batches = Array.from({ length: 8 }, () => {
      const start = randomInt(events.length);
      return shuffled(events.slice(start, start + 1 + randomInt(150)));
    });
    for (const found of await Promise.all(batches.map((batch) => send(batch)))) {
      sent += found.results.length;
      for (const [id, place] of placesOf(found)) {
        expect(first.get(id) ?? place).toBe(place);
        first.set(id, place);
      }
    }
  }
  await expectStoredOnce(first);
});

test('a retry after a restart and after its segment has closed gets the first answer again', async () => {
  const batches = Array.from({ length: 4 }, () => makeEvents(segmentEntries + 20));
  const first: Places = new Map();
  for (const batch of batches) {
    for (const [id, place] of placesOf(await send(batch))) first.set(id, place);
    await closedSegments();
  }
  for (const batch of batches) expectSamePlaces(await send(shuffled(batch)), first);
  await server.stop();
  await server.restart();
  for (const batch of batches) expectSamePlaces(await send(shuffled(batch)), first);
  const across = shuffled(batches.flat()).slice(0, 300);
  const found = await send([...across, ...makeEvents(10)]);
  expect(found).toMatchObject({ accepted: 10, duplicates: 300 });
  await expectStoredOnce(first);
});

test('a retry days later, after newer segments were opened, is a duplicate', async () => {
  const old = makeEvents(150, { agoMs: 8 * dayMs });
  const first = placesOf(await send(old));
  await closedSegments();
  await send(makeEvents(segmentEntries + 10));
  await closedSegments();
  const found = await send(shuffled(old));
  expect(found).toMatchObject({ accepted: 0, duplicates: 150, rejected: 0 });
  expectSamePlaces(found, first);
  for (const event of old.slice(0, 5)) expectSamePlaces(await send([event]), first);
  await expectStoredOnce(first);
});

test("the ids of a segment with a thousand entries are found by the key's index before autovacuum has run", async () => {
  const events = makeEvents(1_100);
  const first = placesOf(await send(events));
  await asAdministrator(async (database) => {
    const analyzed = `select s.n_distinct from pg_stats s join pg_stat_user_tables t on t.schemaname = s.schemaname and t.relname = s.tablename
      where t.relname ~ '^entry_' and t.last_analyze is not null and s.attname = 'ledger'`;
    // The planner must know that all rows belong to one ledger.
    await expect.poll(async () => (await database.query(analyzed)).rows).toContainEqual({ n_distinct: 1 });
  });
  expectSamePlaces(await send(shuffled(events).slice(0, 900)), first);
});

test('another body with a stored id is a conflict, and the original stays as it is', async () => {
  const [event, other] = makeEvents(2);
  if (!event || !other) throw new Error('no events');
  const first = placesOf(await send([event]));
  const changed: MadeEvent = { ...event, description: 'something else' };
  const alone = await server.send(changed);
  expect(alone.status).toBe(409);
  const found = await send([changed, other, event]);
  expect(found).toMatchObject({ accepted: 1, duplicates: 1, rejected: 1 });
  expect(found.results[0]?.error).toMatchObject({ code: 'conflict', field: 'id' });
  const sameBatch = makeEvents(1).flatMap((event) => [event, { ...event, description: 'another' }, event]);
  const twice = await send(sameBatch);
  expect(twice.results.map(({ error, duplicate }) => error?.code ?? duplicate)).toEqual([
    undefined,
    'conflict',
    true,
  ]);
  const stored = await server.json(`/v1/events/${event.id}`);
  expect(stored.body).toMatchObject({ event: { description: event.description } });
  await expectStoredOnce(first);
});

test('F18 an event that cannot be stored does not prevent the other events of its batch from being stored', async () => {
  const batches = all ? 500 : 100;
  const poisons: readonly ((event: MadeEvent) => unknown)[] = [
    (event) => ({ ...event, action: undefined }),
    (event) => ({ ...event, actor: 'nobody' }),
    (event) => ({ ...event, id: '123' }),
    (event) => ({ ...event, description: 'x'.repeat(70_000) }),
    (event) => ({ ...event, occurredAt: 'yesterday' }),
    () => null,
    () => [1],
  ];
  for (let count = 0; count < batches; count++) {
    const events: unknown[] = makeEvents(50);
    const position = randomInt(50);
    const poison = poisons[count % poisons.length];
    const [victim] = makeEvents(1);
    if (poison && victim) events.splice(position, 1, poison(victim));
    const { status, body } = await server.send(events);
    expect(status).toBe(201);
    expect(body).toMatchObject({ accepted: 49, duplicates: 0, rejected: 1 });
    const refused = z.object({
      results: z.array(z.object({ error: z.object({ code: z.string() }).optional() })),
    });
    expect(refused.parse(body).results.findIndex(({ error }) => error !== undefined)).toBe(position);
  }
});
