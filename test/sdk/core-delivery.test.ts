import { createAudit, type Audit, type AuditOptions, type SdkError } from '@bitacora/sdk';
import { afterEach, expect, test } from 'vitest';
import { accept, startScriptedServer, type Respond, type SentEvent } from '../support/scripted-server.ts';

const closers: (() => Promise<unknown>)[] = [];
afterEach(() => Promise.all(closers.splice(0).map((close) => close())));

test('events arrive in order in batches of the set size, with ids and times of the call', async () => {
  const { audit, batches } = await connect(accept, { batchEventsMax: 100 });
  const before = Date.now();
  for (let n = 0; n < 250; n++) void audit.capture(event(n));
  expect(await audit.flush()).toEqual({ delivered: 250, rejected: 0, pending: 0, dropped: 0, spooled: 0 });
  expect(batches.map(({ length }) => length)).toEqual([100, 100, 50]);
  const all = batches.flat();
  expect(all.map(({ attributes }) => attributes?.n)).toEqual([...Array(250).keys()]);
  expect(new Set(all.map(({ id }) => id)).size).toBe(250);
  expect(Date.parse(all[0]?.occurredAt ?? '')).toBeGreaterThanOrEqual(before);
});

test('what the host changes after the call is not sent', async () => {
  const { audit, batches } = await connect(accept);
  const mutable = { action: 'a.b', actor: { id: 'ana' }, attributes: { n: 1 } };
  void audit.capture(mutable);
  mutable.attributes.n = 2;
  await audit.flush();
  expect(batches[0]?.[0]?.attributes?.n).toBe(1);
});

test('a batch is sent when its time is over', async () => {
  const { audit, batches } = await connect(accept, { batchAfterMs: 20 });
  void audit.capture(event(1));
  await expect.poll(() => batches.length).toBe(1);
  void audit.capture(event(2));
  await expect.poll(() => audit.health().delivered).toBe(2);
});

test('a batch holds at most the set number of bytes, counted in UTF-8', async () => {
  const { audit, batches } = await connect(accept, { batchBytesMax: 1_000 });
  for (let n = 0; n < 6; n++) void audit.capture({ ...event(n), description: 'ж'.repeat(150) });
  await audit.flush();
  expect(Math.max(...batches.map(({ length }) => length))).toBe(2);
});

test('large bodies are gzipped, small ones are not', async () => {
  const { audit, encodings } = await connect(accept, { gzipAboveBytes: 500 });
  void audit.capture(event(1));
  await audit.flush();
  void audit.capture({ ...event(2), description: 'x'.repeat(600) });
  await audit.flush();
  expect(encodings()).toEqual([undefined, 'gzip']);
});

test('while the server is away a batch is sent again, with the same ids, until it is accepted', async () => {
  const errors: SdkError[] = [];
  const { audit, batches } = await connect(
    (response, events, call) => (call < 3 ? void response.writeHead(503).end() : accept(response, events)),
    { retryWaitMaxMs: 5, onError: (error) => errors.push(error) },
  );
  void audit.capture(event(1));
  expect(await audit.flush()).toMatchObject({ delivered: 1, pending: 0 });
  expect(new Set(batches.map(([first]) => first?.id)).size).toBe(1);
  expect(errors.map(({ code }) => code)).toEqual(['unreachable', 'unreachable', 'unreachable']);
});

test('the SDK waits as long as Retry-After says', async () => {
  const times: number[] = [];
  const { audit } = await connect(
    (response, events, call) => {
      times.push(performance.now());
      if (call > 0) return accept(response, events);
      response.writeHead(429, { 'retry-after': '1' }).end();
    },
    { retryWaitMaxMs: 5 },
  );
  void audit.capture(event(1));
  await audit.flush();
  expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThanOrEqual(990);
});

test('events refused by the server or the SDK are counted and reported, and the rest is delivered', async () => {
  const errors: SdkError[] = [];
  const { audit } = await connect(
    (response, events) => {
      const results = events.map(({ id }, index) =>
        index === 1 ? { id, error: { code: 'conflict', field: 'id', message: 'other body' } } : { id, index },
      );
      response.writeHead(201).end(JSON.stringify({ accepted: 2, duplicates: 0, rejected: 1, results }));
    },
    { onError: (error) => errors.push(error) },
  );
  for (let n = 0; n < 3; n++) void audit.capture(event(n));
  void audit.capture({ action: '', actor: { id: 'ana' } });
  expect(await audit.flush()).toEqual({ delivered: 2, rejected: 2, pending: 0, dropped: 0, spooled: 0 });
  expect(errors.map(({ field }) => field)).toEqual(['action', 'id']);
});

test('413 halves the batch until it fits', async () => {
  const { audit, batches } = await connect((response, events) =>
    events.length > 2 ? void response.writeHead(413).end() : accept(response, events),
  );
  for (let n = 0; n < 8; n++) void audit.capture(event(n));
  expect(await audit.flush()).toMatchObject({ delivered: 8 });
  expect(batches.map(({ length }) => length).slice(0, 3)).toEqual([8, 4, 2]);
});

test('with a refused key the events are rejected, and the error says so', async () => {
  const errors: SdkError[] = [];
  const { audit } = await connect((response) => void response.writeHead(401).end('{"detail":"no"}'), {
    onError: (error) => errors.push(error),
  });
  void audit.capture(event(1));
  expect(await audit.flush()).toMatchObject({ rejected: 1, pending: 0 });
  expect(errors[0]?.message).toContain('401');
});

test('memory is bounded: events that do not fit are dropped, counted and reported', async () => {
  const dropped: string[] = [];
  const { audit } = await connect((response) => void response.writeHead(503).end(), {
    pendingBytesMax: 2_000,
    onDrop: ({ reason }) => dropped.push(reason),
  });
  for (let n = 0; n < 100; n++) void audit.capture(event(n));
  const health = audit.health();
  expect(health.pendingBytes).toBeLessThanOrEqual(2_000);
  expect(health.pending + health.dropped).toBe(100);
  await expect.poll(() => dropped).toHaveLength(health.dropped);
});

test('close reports what is still pending, once, and later events are dropped', async () => {
  const { audit } = await connect((response) => void response.writeHead(503).end(), { retryWaitMaxMs: 5 });
  void audit.capture(event(1));
  const report = { delivered: 0, rejected: 0, pending: 1, dropped: 0, spooled: 0 };
  expect(await Promise.all([audit.close(50), audit.close(50)])).toEqual([report, report]);
  void audit.capture(event(2));
  expect(audit.health()).toMatchObject({ state: 'closed', submitted: 2, pending: 1, dropped: 1 });
});

test('a close during sending counts what the server answered', async () => {
  const { audit } = await connect((response, events) => void setTimeout(() => accept(response, events), 50), {
    requestTimeoutMs: Infinity,
  });
  void audit.capture(event(1));
  expect(await audit.flush(Infinity)).toMatchObject({ delivered: 1, pending: 0 });
  void audit.capture(event(2));
  expect(await audit.close(Infinity)).toEqual({
    delivered: 2,
    rejected: 0,
    pending: 0,
    dropped: 0,
    spooled: 0,
  });
});

test('capture never throws, not even for hostile values and callbacks', async () => {
  const { audit } = await connect(accept, {
    onError: () => {
      throw new Error('host');
    },
  });
  const cyclic: { action: string; actor: { id: string }; context: Record<string, unknown> } = {
    action: 'a.b',
    actor: { id: 'x' },
    context: {},
  };
  cyclic.context['self'] = cyclic;
  const hostile: unknown[] = [
    undefined,
    null,
    1n,
    Symbol('x'),
    cyclic,
    new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no');
        },
      },
    ),
  ];
  for (const value of hostile) Reflect.apply(audit.capture, undefined, [value]);
  expect(audit.health()).toMatchObject({ submitted: hostile.length, rejected: hostile.length });
});

test('options that cannot work are refused at the start', () => {
  const good = { url: 'http://localhost', key: 'k' };
  for (const bad of [
    { url: 'localhost:4000' },
    { url: 'ftp://x' },
    { key: ' ' },
    { batchAfterMs: -1 },
    { pendingBytesMax: NaN },
  ]) {
    expect(() => createAudit({ ...good, ...bad })).toThrow(TypeError);
  }
});

function event(n: number): { action: string; actor: { id: string }; attributes: { n: number } } {
  return { action: 'thing.do', actor: { id: 'ana' }, attributes: { n } };
}

async function connect(
  respond: Respond,
  options: Partial<AuditOptions> = {},
): Promise<{ audit: Audit; batches: SentEvent[][]; encodings: () => unknown[] }> {
  const server = await startScriptedServer(respond);
  const audit = createAudit({ url: server.url, key: 'k', ...options });
  closers.push(async () => {
    await audit.close(0);
    server.close();
  });
  return {
    audit,
    batches: server.batches,
    encodings: () => server.headers.map((headers) => headers['content-encoding']),
  };
}
