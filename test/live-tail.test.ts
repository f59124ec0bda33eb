import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { uuid } from './support/invented-events.ts';
import { createRandom } from './support/random.ts';
import { readStream } from './support/read-stream.ts';
import { startTestServer, type TestServer } from './support/test-server.ts';
import { waitUntil } from './support/wait-until.ts';

let server: TestServer;
const random = createRandom(77);

beforeAll(async () => {
  server = await startTestServer();
});

afterAll(async () => {
  await server.dispose();
});

function batch(size: number): { id: string; action: string; actor: { id: string }; outcome: string }[] {
  return Array.from({ length: size }, () => ({
    id: uuid(random, Date.now()),
    action: random.pick(['invoice.update', 'session.login']),
    actor: { id: random.pick(['ana', 'luis']) },
    outcome: random.pick(['success', 'failure']),
  }));
}

test('F-04 the tail shows matching entries after they are acknowledged, and none from before it began', async () => {
  await server.send(batch(20));
  const all = await readStream(server, '');
  const some = await readStream(
    server,
    `?${new URLSearchParams({ actor: 'ana', q: 'action:invoice.* -outcome:failure' })}`,
  );
  const sent = batch(50);
  await server.send(sent);
  const wanted = sent.filter(
    (item) => item.actor.id === 'ana' && item.action === 'invoice.update' && item.outcome === 'success',
  );
  await waitUntil('the entries', async () => all.seen.length >= 50 && some.seen.length >= wanted.length);
  await sleep(300);
  expect(all.seen.map(({ entry }) => entry.id)).toEqual(sent.map((item) => item.id));
  expect(some.seen.map(({ entry }) => entry.id)).toEqual(wanted.map((item) => item.id));
  all.close();
  some.close();
});

test('F-04 a reader that reconnects after restarts and a kill sees each entry once and in order, while others write', async () => {
  const written = new Map<string, string>();
  let writing = true;
  const writer = (async () => {
    while (writing) {
      const events = batch(5);
      // Sends the same batch again until it is acknowledged.
      for (;;) {
        const answer = await server.send(events).catch(() => undefined);
        if (answer?.status === 201) break;
        await sleep(50);
      }
      for (const event of events) written.set(event.id, event.action);
      await sleep(5);
    }
  })();
  const got: { id: string; index: number }[] = [];
  let position: string | undefined;
  for (const ending of ['leave', 'stop', 'kill', 'leave'] as const) {
    const stream = await readStream(server, '?action=invoice.update', position);
    await waitUntil('some entries', async () => stream.seen.length > 60);
    if (ending === 'leave') stream.close();
    else await (ending === 'stop' ? server.stop() : server.kill());
    if (ending !== 'leave') await server.restart();
    await stream.ended;
    got.push(...stream.seen.map(({ entry }) => ({ id: entry.id, index: entry.index })));
    position = stream.position();
  }
  writing = false;
  await writer;
  const rest = await readStream(server, '?action=invoice.update', position);
  const matching = [...written].filter(([, action]) => action === 'invoice.update').map(([id]) => id);
  await waitUntil('the rest', async () => got.length + rest.seen.length >= matching.length);
  await sleep(300);
  rest.close();
  got.push(...rest.seen.map(({ entry }) => ({ id: entry.id, index: entry.index })));
  expect(got.map((item) => item.index)).toEqual(got.map((item) => item.index).sort((a, b) => a - b));
  expect(got.map((item) => item.id).sort()).toEqual(matching.sort());
});

test('a wrong question is refused before the stream begins', async () => {
  for (const [query, after] of [
    ['?q=(', undefined],
    ['?outcome=great', undefined],
    ['', 'not-a-position'],
    ['', 'WzEsMl0'],
  ] as const)
    await expect(readStream(server, query, after)).rejects.toThrow(
      /^400: .*"parameter":"(q|outcome|Last-Event-ID)"/,
    );
});

test("a reader that does not read makes nobody wait, and the server's memory stays small", async () => {
  const idle = await Promise.all(Array.from({ length: 20 }, () => server.fetch('/v1/tail')));
  for (let round = 0; round < 10; round++) expect((await server.send(batch(500))).status).toBe(201);
  const stream = await readStream(server, '');
  const [last] = batch(1);
  await server.send(last);
  await waitUntil('the last entry', async () => stream.seen.some(({ entry }) => entry.id === last?.id));
  stream.close();
  for (const response of idle) await response.body?.cancel();
});
