import { afterAll, beforeAll, expect, test } from 'vitest';
import { exactAnswer } from '../support/answer-of.ts';
import { inventEvents, type InventedEvent } from '../support/invented-events.ts';
import { holds, write, type Stored } from '../support/query-oracle.ts';
import { createRandom } from '../support/random.ts';
import { randomQuery } from '../support/random-query.ts';
import { inviteUser, type SignedInUser } from '../support/signed-in-user.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';

interface Entry extends Stored {
  id: string;
}

interface Narrow {
  what: string;
  person: SignedInUser;
  reaches(event: Record<string, any>): boolean;
}

const random = createRandom(9_240);
const queriesPerCaller = 40;
/** The first subject is also an actor: entries by them and entries about them are their own. */
const subjects = ['ana', 'client 7', 'клиент', 'c-9'];
let server: TestServer;
let entries: Entry[];
let callers: Narrow[];

beforeAll(async () => {
  server = await startTestServer();
  const sent = inventEvents(random, 600).map((event) =>
    random.chance(0.4) ? { ...event, subject: { type: 'client', id: random.pick(subjects) } } : event,
  );
  const accepted = await server.send(sent);
  expect(accepted.body).toMatchObject({ accepted: sent.length });
  entries = await allEntries(sent);
  callers = await narrowCallers(sent);
});

afterAll(async () => {
  await server.dispose();
});

async function allEntries(sent: readonly InventedEvent[]): Promise<Entry[]> {
  const found: Entry[] = [];
  for (let cursor: string | null = ''; cursor !== null;) {
    const more: string = cursor === '' ? '' : `&cursor=${cursor}`;
    const { body } = await server.json(`/v1/events?limit=1000${more}`);
    for (const { id, ingestedAt, event } of body.entries) {
      const at = Math.min(Date.parse(event.occurredAt ?? ingestedAt), Date.parse(ingestedAt));
      found.push({ id, event, at });
    }
    cursor = body.next;
  }
  expect(found).toHaveLength(sent.length);
  return found;
}

/** The values of a field, the most frequent first. */
function often(sent: readonly InventedEvent[], pick: (event: any) => string | undefined): string[] {
  const counts = new Map<string, number>();
  for (const event of sent) {
    const value = pick(event);
    if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  return [...counts].sort((a, b) => b[1] - a[1]).map(([value]) => value);
}

async function narrowCallers(sent: readonly InventedEvent[]): Promise<Narrow[]> {
  const actors = often(sent, (event) => event.actor.id);
  const modules = often(sent, (event) => event.module);
  const own = (hostId: string) => (event: Record<string, any>) =>
    event['actor'].id === hostId || event['subject']?.id === hostId;
  const [a = '', b = ''] = actors;
  const [s = '', t = ''] = subjects;
  const [m = '', n = ''] = modules;
  const made: [Record<string, unknown> & { role: string }, Narrow['reaches']][] = [
    [{ role: 'viewer', hostId: a }, own(a)],
    [{ role: 'viewer', hostId: b }, own(b)],
    [{ role: 'viewer', hostId: s }, own(s)],
    [{ role: 'auditor', scope: 'modules', modules: [m, n] }, (event) => [m, n].includes(event['module'])],
    [
      { role: 'analyst', scope: 'subjects', subjects: [s, t] },
      (event) => [s, t].includes(event['subject']?.id),
    ],
    [{ role: 'auditor', scope: 'own', hostId: s }, own(s)],
  ];
  const callers: Narrow[] = [];
  for (const [user, reaches] of made)
    callers.push({ what: JSON.stringify(user), reaches, person: await inviteUser(server, user) });
  return callers;
}

test('X9 240 questions of callers with a narrow reach are answered like a scan of what each may see', async () => {
  let some = 0;
  for (const { what, person, reaches } of callers) {
    const visible = entries.filter(({ event }) => reaches(event));
    expect(visible.length, what).toBeGreaterThan(3);
    const questions = Array.from({ length: queriesPerCaller }, () => randomQuery(random, entries));
    for (let first = 0; first < questions.length; first += 8)
      await Promise.all(
        questions.slice(first, first + 8).map(async (asked) => {
          const q = write(asked, () => 0.5);
          const wanted = visible.filter((entry) => holds(asked, entry));
          if (wanted.length > 0 && wanted.length < visible.length) some++;
          await answersAre(person, { q, what }, wanted);
        }),
      );
  }
  // Most questions must match some entries and not all, or the test would show little.
  expect(some).toBeGreaterThan(80);
});

/** Only exact answers are compared. A busy machine may use up the time of many. */
const attemptsMax = 30;

async function answersAre(
  person: SignedInUser,
  { q, what }: { q: string; what: string },
  wanted: readonly Entry[],
): Promise<void> {
  const about = `${what} ${q}`;
  const query = `q=${encodeURIComponent(q)}`;
  const [list, facets, histogram] = await Promise.all([
    exactAnswer(() => person.json(`/v1/events?${query}&limit=1000&count=true`), attemptsMax),
    exactAnswer(() => person.json(`/v1/facets?${query}&fields=action,outcome&limit=1000`), attemptsMax),
    exactAnswer(() => person.json(`/v1/histogram?${query}&interval=day&by=outcome`), attemptsMax),
  ]);
  expect(list.status, about).toBe(200);
  const ids = list.body.entries.map((entry: { id: string }) => entry.id);
  // A page that ended after two seconds of reading texts continues where it stopped.
  for (let { next } = list.body; next !== null && ids.length < 1_000;) {
    const more = await person.json(`/v1/events?${query}&limit=1000&cursor=${next}`);
    ids.push(...more.body.entries.map((entry: { id: string }) => entry.id));
    ({ next } = more.body);
  }
  if (wanted.length <= 1_000) expect(ids.sort(), about).toEqual(wanted.map(({ id }) => id).sort());
  expect(list.body.count, about).toBe(wanted.length);
  for (const field of ['action', 'outcome'])
    expect(sum(facets.body.facets[field], 'count'), about).toBe(wanted.length);
  expect(sum(histogram.body.buckets, 'count'), about).toBe(wanted.length);
}

function sum(rows: readonly Record<string, number>[], name: string): number {
  return rows.reduce((total, row) => total + (row[name] ?? 0), 0);
}

test('X9 without a filter no answer comes from the rollup of all entries', async () => {
  for (const { what, person, reaches } of callers) {
    const visible = entries.filter(({ event }) => reaches(event)).length;
    const [count, facets, day, hour] = await Promise.all([
      person.json('/v1/events?count=true&limit=1'),
      person.json('/v1/facets?fields=action,outcome,level&limit=1000'),
      person.json('/v1/histogram?interval=day'),
      person.json('/v1/histogram?interval=hour&by=outcome'),
    ]);
    expect(count.body.count, what).toBe(visible);
    for (const field of ['action', 'outcome', 'level'])
      expect(sum(facets.body.facets[field], 'count'), what).toBe(visible);
    for (const { body } of [day, hour]) expect(sum(body.buckets, 'count'), what).toBe(visible);
  }
});

test('X9 an entry, its related entries and its proof are limited to what a caller may see', async () => {
  for (const { what, person, reaches } of callers) {
    const mine = entries.filter(({ event }) => reaches(event)).slice(0, 5);
    const others = entries.filter(({ event }) => !reaches(event)).slice(0, 5);
    for (const { id } of mine) {
      expect((await person.fetch(`/v1/events/${id}`)).status, what).toBe(200);
      const { body } = await person.json(`/v1/events/${id}/related?limit=1000`);
      for (const part of Object.values<any>(body)) {
        expect(
          part.entries.every((entry: any) => reaches(entry.event)),
          what,
        ).toBe(true);
        expect(part.entries.length === part.count || part.count > 1_000, what).toBe(true);
      }
      expect((await person.fetch(`/v1/events/${id}/proof`)).status, what).toBe(200);
    }
    for (const { id } of others)
      for (const place of [`/v1/events/${id}`, `/v1/events/${id}/related`, `/v1/events/${id}/proof`])
        expect((await person.fetch(place)).status, `${what} ${place}`).toBe(404);
  }
});

test('X9 the live view shows callers with a narrow reach what they may see, and does not show when others work', async () => {
  const [caller] = callers;
  const abort = new AbortController();
  const response = await caller?.person.fetch('/v1/tail', { signal: abort.signal });
  let text = '';
  const reading = (async () => {
    for await (const chunk of response?.body ?? []) text += Buffer.from(chunk).toString();
  })().catch(() => undefined);
  const event = (id: string, word: string): object => ({
    action: 'live.view',
    actor: { id },
    description: word,
  });
  const mine: any = entries.find((entry) => caller?.reaches(entry.event))?.event;
  const own = String(mine.actor.id);
  await server.send([event('somebody else', 'hidden1'), event('nobody', 'hidden2')]);
  await server.send([event(own, 'shown1')]);
  await server.send([event('somebody else', 'hidden3')]);
  await server.send([event(own, 'shown2')]);
  await expect.poll(() => text).toContain('shown2');
  abort.abort();
  await reading;
  expect(text).toContain('shown1');
  expect(text).not.toContain('hidden');
  // The first block has the position at which the stream begins; then only entries follow.
  expect(text.match(/event: (\w+)/g)).toEqual(['event: position', 'event: entry', 'event: entry']);
});
