import { expect } from 'vitest';
import { exactAnswer } from './answer-of.ts';
import { readStream } from './read-stream.ts';
import type { TestServer } from './test-server.ts';

export interface LeftEvent {
  id: string;
  action: string;
  outcome: string;
  actor: { id: string };
  occurredAt: string;
  correlationId: string;
  sessionId?: string;
}

/**
 * Asks a ledger questions of every kind, and compares each answer with the one computed from these events. They are all
 * remaining events, in order of index; `first` is the index of the first.
 */
export async function expectOnlyLeft(
  server: TestServer,
  ledger: string,
  { events, first }: { events: readonly LeftEvent[]; first: number },
): Promise<void> {
  await expectPages(server, ledger, events);
  const narrowed = events.filter(({ action }) => action === 'door.open');
  for (const [left, filter] of [
    [events, ''],
    [narrowed, '&action=door.open'],
  ] as const) {
    await expectCounts(server, `?ledger=${ledger}${filter}`, left);
  }
  const after = Buffer.from(JSON.stringify([[await ledgerId(server, ledger), 0]])).toString('base64url');
  const stream = await readStream(server, `?ledger=${ledger}`, after);
  await expect.poll(() => stream.seen.length).toBe(events.length);
  stream.close();
  expect(stream.seen.map(({ entry }) => [entry.id, entry.index])).toEqual(
    events.map(({ id }, offset) => [id, first + offset]),
  );
  const opened = events.filter(({ action }) => action === 'session.login');
  const { body } = await server.json(`/v1/sessions?ledger=${ledger}&count=true&limit=1000`);
  expect(body.count).toBe(opened.length);
  expect(new Set(body.sessions.map((session: { id: string }) => session.id))).toEqual(
    new Set(opened.map(({ id }) => id)),
  );
}

async function expectPages(server: TestServer, ledger: string, events: readonly LeftEvent[]): Promise<void> {
  const newestFirst = events
    .map(({ id, occurredAt }, index) => ({ id, at: Date.parse(occurredAt), index }))
    .sort((a, b) => b.at - a.at || b.index - a.index)
    .map(({ id }) => id);
  for (const order of ['desc', 'asc']) {
    const found: string[] = [];
    let cursor = '';
    do {
      const { body } = await exactAnswer(() =>
        server.json(`/v1/events?ledger=${ledger}&order=${order}&limit=77&count=true${cursor}`),
      );
      expect([body.count, body.exact]).toEqual([events.length, true]);
      found.push(...body.entries.map((entry: { id: string }) => entry.id));
      cursor = body.next === null ? '' : `&cursor=${body.next}`;
    } while (cursor !== '');
    expect(found).toEqual(order === 'desc' ? newestFirst : newestFirst.toReversed());
  }
}

/** The facets and the histogram by hour that these events give for a query string. */
export async function expectCounts(
  server: TestServer,
  query: string,
  events: readonly LeftEvent[],
): Promise<void> {
  const { body: facets } = await exactAnswer(() =>
    server.json(`/v1/facets${query}&fields=action,actor,outcome&limit=100`),
  );
  expect(facets.exact).toBe(true);
  for (const [name, valueOf] of Object.entries({
    action: (event: LeftEvent) => event.action,
    actor: (event: LeftEvent) => event.actor.id,
    outcome: (event: LeftEvent) => event.outcome,
  })) {
    const found = facets.facets[name].map(({ value, count }: { value: string; count: number }) => [
      value,
      count,
    ]);
    expect(Object.fromEntries(found)).toEqual(countsOf(events, valueOf));
  }
  const { body: histogram } = await exactAnswer(() =>
    server.json(`/v1/histogram${query}&interval=hour&by=outcome`),
  );
  const hours = countsOf(events, ({ occurredAt }) => `${occurredAt.slice(0, 13)}:00:00.000Z`);
  const buckets: { from: string; count: number; by: Record<string, number> }[] = histogram.buckets;
  expect(Object.fromEntries(buckets.map(({ from, count }) => [from, count]))).toEqual(hours);
  const outcomes: Record<string, number> = {};
  for (const { by } of buckets)
    for (const [outcome, count] of Object.entries(by)) outcomes[outcome] = (outcomes[outcome] ?? 0) + count;
  expect(outcomes).toEqual(countsOf(events, ({ outcome }) => outcome));
}

function countsOf(
  events: readonly LeftEvent[],
  valueOf: (event: LeftEvent) => string,
): Record<string, number> {
  const groups = [...Map.groupBy(events, valueOf)];
  return Object.fromEntries(groups.map(([value, own]) => [value, own.length]));
}

/** The index in a position of the tail. */
async function ledgerId(server: TestServer, ledger: string): Promise<number> {
  const stream = await readStream(server, `?ledger=${ledger}`);
  await expect.poll(() => stream.position()).toBeDefined();
  stream.close();
  const [[id]] = JSON.parse(Buffer.from(stream.position() ?? '', 'base64url').toString()) as [[number]];
  return id;
}
