import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { afterEach, expect, test } from 'vitest';
import { createClient } from './client.ts';
import { ClientError } from './client-error.ts';

const closers: (() => void)[] = [];
afterEach(() => closers.splice(0).forEach((close) => close()));

test('pages follow next until it is gone, with the filter and the key each time', async () => {
  const seen: string[] = [];
  const url = await serve((request, response) => {
    seen.push(`${request.headers.authorization} ${request.url}`);
    const more = !request.url?.includes('cursor');
    answer(response, 200, {
      entries: [{ index: more ? 1 : 0 }],
      next: more ? 'c1' : null,
      source: 'postgres',
    });
  });
  const pages = createClient({ url, key: 'k' }).events.pages({ actor: 'ana ñ' }, { limit: 1 });
  const indexes: number[] = [];
  for await (const { entries } of pages) indexes.push(...entries.map(({ index }) => index));
  expect(indexes).toEqual([1, 0]);
  expect(seen).toEqual([
    'Bearer k /v1/events?actor=ana+%C3%B1&limit=1',
    'Bearer k /v1/events?actor=ana+%C3%B1&limit=1&cursor=c1',
  ]);
});

test('a refusal becomes an error with the problem, the parameter and the time to wait', async () => {
  const url = await serve((_, response) => {
    response.setHeader('retry-after', '7');
    answer(response, 429, { title: 'Too much', status: 429, detail: 'later', parameter: 'q', position: 3 });
  });
  const error = await createClient({ url })
    .events.search()
    .catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ClientError);
  expect(error).toMatchObject({
    status: 429,
    message: '429 query: later',
    retryAfterMs: 7_000,
    problem: { position: 3 },
  });
});

test('without any answer the error has status 0 and the reason', async () => {
  const error = await createClient({ url: 'http://127.0.0.1:1' })
    .events.search()
    .catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ status: 0, message: expect.stringContaining('127.0.0.1:1') });
});

test('a batch whose events are all refused has one result for each event', async () => {
  const results = [{ error: { code: 'required', field: 'actor', message: 'the field is required' } }];
  const url = await serve((_, response) =>
    answer(response, 422, { accepted: 0, duplicates: 0, rejected: 1, results }),
  );
  const said = await createClient({ url }).events.append({ action: 'a.b', actor: { id: 'x' } });
  expect(said.results).toEqual(results);
});

test('a missing tile is undefined, and a forbidden tile is an error', async () => {
  const url = await serve((request, response) =>
    answer(response, request.url?.includes('entries') ? 403 : 404, {}),
  );
  const { tlog } = createClient({ url });
  expect(await tlog.tile('a', 'tile/0/000')).toBeUndefined();
  await expect(tlog.tile('a', 'tile/entries/000')).rejects.toMatchObject({ status: 403 });
});

test('a tail resumes after the last entry it received', async () => {
  const resumed: (string | undefined)[] = [];
  const url = await serve((request, response) => {
    const { 'last-event-id': last } = request.headers;
    resumed.push(typeof last === 'string' ? last : undefined);
    const index = resumed.length - 1;
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(`retry: 1\nid: c${index}\nevent: entry\ndata: {"index":${index}}\n\n`);
  });
  const indexes: number[] = [];
  for await (const { entry } of createClient({ url }).events.tail()) {
    indexes.push(entry.index);
    if (indexes.length === 3) break;
  }
  expect(indexes).toEqual([0, 1, 2]);
  expect(resumed).toEqual([undefined, 'c0', 'c1']);
});

test('a tail ends with an error when the server refuses for good, and without one when the caller ends it', async () => {
  const url = await serve((_, response) => answer(response, 401, { detail: 'no key' }));
  await expect(createClient({ url }).events.tail().next()).rejects.toMatchObject({ status: 401 });
  const signal = AbortSignal.abort();
  expect(await createClient({ url }).events.tail({}, { signal }).next()).toEqual({
    done: true,
    value: undefined,
  });
});

async function serve(
  listener: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

function answer(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}
