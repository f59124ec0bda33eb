import fs, { mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createAudit,
  withContext,
  type Audit,
  type AuditOptions,
  type Health,
  type SdkError,
  type Transport,
} from '@bitacora/sdk';
import { afterEach, expect, test, vi } from 'vitest';
import {
  accept,
  startScriptedServer,
  type Respond,
  type ScriptedServer,
} from '../support/scripted-server.ts';

const directory = mkdtempSync(join(tmpdir(), 'bitacora-points-'));
const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

async function connect(
  respond: Respond = accept,
  options: AuditOptions = {},
): Promise<{ audit: Audit; server: ScriptedServer; errors: SdkError[] }> {
  const server = await startScriptedServer(respond);
  const errors: SdkError[] = [];
  const audit = createAudit({
    url: server.url,
    key: 'k',
    batchAfterMs: 5,
    retryWaitMaxMs: 5,
    onError: (error) => errors.push(error),
    ...options,
  });
  closers.push(server.close, () => audit.close(0));
  return { audit, server, errors };
}

const event = (n = 0): { action: string; actor: { id: string }; attributes: { n: number } } => ({
  action: 'a.b',
  actor: { id: 'ana' },
  attributes: { n },
});

/** Checks that the counts of all states add up to the submitted events. */
function expectConserved(health: Health): void {
  const { submitted, delivered, rejected, pending, dropped } = health;
  expect(delivered + rejected + pending + dropped, JSON.stringify(health)).toBe(submitted);
}

test('SDK-1 the same options give the same audit and a warning, and other options give another audit', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const { audit, server } = await connect();
  const same = { url: server.url, key: 'k', batchAfterMs: 5, retryWaitMaxMs: 5, onError: () => undefined };
  expect(createAudit(same)).toBe(audit);
  expect(warn).toHaveBeenCalledOnce();
  const other = createAudit({ ...same, name: 'other' });
  expect(other).not.toBe(audit);
  const rules = [(): null => null, (_path: string, value: unknown): unknown => value].map((custom) =>
    createAudit({ ...same, redact: { custom } }),
  );
  expect(rules[0]).not.toBe(rules[1]);
  await Promise.all([audit, other, ...rules].map((instance) => instance.close()));
  const fresh = createAudit(same);
  expect(fresh).not.toBe(audit);
  await fresh.close();
  warn.mockRestore();
});

test('SDK-2 options that cannot work are refused at the start, each by its name', () => {
  const bad: [string, Record<string, unknown>][] = [
    ['url', { url: 'localhost:4000' }],
    ['url', { url: 'ftp://x' }],
    ['url', { url: 5 }],
    ['url', { url: undefined }],
    ['key', { key: ' ' }],
    ['key', { key: undefined }],
    ['key', { key: 'two words' }],
    ['name', { name: '' }],
    ['ledger', { ledger: '' }],
    ['mode', { mode: 'durably' }],
    ['modeOf["a.b"]', { modeOf: { 'a.b': 'no' } }],
    ['modeOf', { modeOf: null }],
    ['spool', { mode: 'durable' }],
    ['spool', { modeOf: { 'a.*': 'durable' } }],
    ['spool.directory', { spool: {} }],
    ['spool.size', { spool: { directory, size: 5 } }],
    ['spool.bytesMax', { spool: { directory, bytesMax: '5' } }],
    ['spool.whenFull', { spool: { directory, whenFull: 'panic' } }],
    ['batchAfterMs', { batchAfterMs: -1 }],
    ['pendingBytesMax', { pendingBytesMax: NaN }],
    ['onError', { onError: 'x' }],
    ['keyOf', { keyOf: {} }],
    ['closeOnExit', { closeOnExit: 'yes' }],
    ['disabled', { disabled: 'yes' }],
    ['batchSize', { batchSize: 5 }],
  ];
  for (const [name, options] of bad) {
    const call = (): unknown =>
      Reflect.apply(createAudit, undefined, [{ url: 'http://localhost', key: 'k', ...options }]);
    expect(call, JSON.stringify(options)).toThrow(TypeError);
    expect(call).toThrow(`createAudit: ${name}: `);
  }
});

test('SDK-2 address and key come from the environment when they are not given', async () => {
  const server = await startScriptedServer();
  vi.stubEnv('BITACORA_URL', server.url);
  vi.stubEnv('BITACORA_API_KEY', 'from-outside');
  const audit = createAudit();
  void audit.capture(event());
  await audit.close();
  expect(server.headers[0]?.['authorization']).toBe('Bearer from-outside');
  vi.unstubAllEnvs();
  server.close();
});

test('SDK-3 SDK-24 no value makes capture throw, and at any moment each event is counted', async () => {
  const { audit, errors } = await connect();
  const thrower = {
    get action(): string {
      throw new Error('no');
    },
  };
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  let deep: unknown = {};
  for (let depth = 0; depth < 100_000; depth++) deep = { deep };
  const cyclic: Record<string, unknown> = event();
  cyclic['context'] = cyclic;
  const values: unknown[] = [
    undefined,
    null,
    1n,
    Symbol('x'),
    NaN,
    '',
    [],
    () => 1,
    thrower,
    revoked.proxy,
    cyclic,
    new Map(),
    new Date(NaN),
    deep,
    { ...event(), context: deep },
    { ...event(), attributes: { x: thrower } },
    Object.create(null),
    event(),
    { ...event(), id: 7 },
    { ...event(), id: 'x' },
    { ...event(), context: { big: 10n, at: new Date(0) } },
    {
      ...event(),
      context: {
        toJSON: () => {
          throw new Error('no');
        },
      },
    },
    { ...event(), description: 'x'.repeat(200_000) },
    {
      ...event(),
      actor: new Proxy(
        {},
        {
          get: () => {
            throw new Error('no');
          },
        },
      ),
    },
    { ...event(), tags: Array(100_000).fill('t') },
  ];
  for (let n = 0; n < 10_000; n++) {
    const value = values[(n * 7 + (n >> 5)) % values.length];
    const options = [undefined, null, 'durable', { mode: 'none' }, revoked.proxy][n % 5];
    expect(Reflect.apply(audit.capture, undefined, [value, options])).toBeUndefined();
    if (n % 100 === 0) {
      expectConserved(audit.health());
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const flushing = audit.flush(60_000);
  let isFlushed = false;
  void flushing.then(() => (isFlushed = true));
  while (!isFlushed) {
    expectConserved(audit.health());
    await new Promise((resolve) => setImmediate(resolve));
  }
  const health = audit.health();
  expectConserved(health);
  expect(health).toMatchObject({ submitted: 10_000, pending: 0, dropped: 0, pendingBytes: 0 });
  expect(health.delivered).toBeGreaterThan(500);
  expect(errors).toHaveLength(health.rejected);
});

test('SDK-10 SDK-25 events have their ids and numbers from the call on, the same at each attempt, and gaps are explained', async () => {
  const { audit, server } = await connect(
    (response, events, call) => (call < 2 ? response.writeHead(503).end() : accept(response, events)),
    { name: 'shop', reportEveryMs: 100 },
  );
  for (let n = 1; n <= 5; n++)
    void audit.capture(n === 3 ? { ...event(n), action: 'not one word' } : event(n));
  await audit.close();
  expect(server.batches.map((batch) => batch.map(({ id }) => id)).slice(1)).toContainEqual(
    server.batches.at(-1)?.map(({ id }) => id),
  );
  const [instance, ranges] = String(server.headers[0]?.['bitacora-sequences']).split(' ');
  expect(instance).toMatch(/^[A-Za-z0-9_-]{22}$/);
  expect(ranges).toBe('1-2,4-5');
  expect(new Set(server.headers.map((headers) => headers['bitacora-sequences'])).size).toBe(1);
  expect(server.reports.every((report) => report.instance === instance)).toBe(true);
  expect(server.reports.map(({ body }) => body.unsent).join('')).toBe('3');
  expect(server.reports.at(-1)?.body).toMatchObject({
    name: 'shop',
    state: 'closed',
    submitted: 5,
    rejected: 1,
    dropped: {},
  });
});

test('SDK-25 a server without the route for reports is not an error', async () => {
  const server = await startScriptedServer(accept, { knowsSources: false });
  const audit = createAudit({ url: server.url, key: 'k' });
  void audit.capture(event());
  expect(await audit.close()).toMatchObject({ delivered: 1, pending: 0 });
  server.close();
});

test('SDK-11 SDK-12 one event too large for the server is rejected alone', async () => {
  const { audit, server, errors } = await connect((response, events) =>
    events.some(({ attributes }) => attributes?.n === 5)
      ? response.writeHead(413).end()
      : accept(response, events),
  );
  for (let n = 0; n < 9; n++) void audit.capture(event(n));
  expect(await audit.flush()).toMatchObject({ delivered: 8, rejected: 1 });
  expect(errors.map(({ code }) => code)).toEqual(['refused']);
  expect(Math.max(...server.batches.map(({ length }) => length))).toBe(9);
});

test('SDK-12 spooled events that are refused for good are kept in a file for a person to read', async () => {
  const spool = { directory: join(directory, 'refused') };
  const { audit } = await connect((response) => response.writeHead(403).end(), { mode: 'durable', spool });
  await audit.capture(event(7));
  await expect.poll(() => readdirSync(spool.directory)).toContain('rejected.ndjson');
  const path = join(spool.directory, 'rejected.ndjson');
  await expect.poll(() => readFileSync(path, 'utf8')).toContain('"attributes":{"n":7}');
  expect(statSync(path).mode & 0o077).toBe(0);
  expect(audit.health()).toMatchObject({ rejected: 1, rejectedBy: { refused: 1 } });
});

test('SDK-13 which answers are tried again', async () => {
  const again = [
    100, 101, 103, 204, 300, 301, 304, 308, 408, 425, 429, 500, 501, 502, 503, 504, 505, 507, 511, 599,
  ].filter((status) => status >= 200);
  const never = [400, 401, 402, 403, 404, 405, 406, 410, 411, 414, 415, 418, 431, 451];
  expect(again.length + never.length).toBeGreaterThanOrEqual(30);
  for (const status of [...again, ...never]) {
    const { audit, server } = await connect((response, events, call) =>
      call === 0 ? response.writeHead(status).end() : accept(response, events),
    );
    void audit.capture(event());
    const report = await audit.flush();
    expect([status, server.batches.length, report.delivered, report.rejected]).toEqual(
      again.includes(status) ? [status, 2, 1, 0] : [status, 1, 0, 1],
    );
  }
});

test('SDK-13 SDK-20 Retry-After is honoured as seconds and as a date, also by flush', async () => {
  for (const form of ['seconds', 'date']) {
    const { audit, server } = await connect((response, events, call) =>
      call === 0 ? response.writeHead(503, { 'retry-after': waitAs(form) }).end() : accept(response, events),
    );
    void audit.capture(event());
    expect(await audit.flush()).toMatchObject({ delivered: 1 });
    expect((server.times[1] ?? 0) - (server.times[0] ?? 0)).toBeGreaterThan(900);
  }
});

const waitAs = (form: string): string => (form === 'date' ? new Date(Date.now() + 2_000).toUTCString() : '1');

test('SDK-14 while the server is away one small request at a time looks for it, and strict fails at once', async () => {
  let isUp = false;
  const { audit, server } = await connect(
    (response, events) => (isUp ? accept(response, events) : response.writeHead(503).end()),
    { modeOf: { 'pay.*': 'strict' }, retryWaitMinMs: 1_500, retryWaitMaxMs: 1_501 },
  );
  for (let n = 0; n < 50; n++) void audit.capture(event(n));
  await expect.poll(() => audit.health().circuit).toBe('open');
  expect(server.batches.map(({ length }) => length)).toEqual([50, 50, 50]);
  await expect(audit.capture({ ...event(), action: 'pay.now' })).rejects.toMatchObject({
    code: 'unreachable',
  });
  await expect.poll(() => server.batches.length).toBe(4);
  expect(server.batches[3]).toHaveLength(1);
  isUp = true;
  expect(await audit.flush(20_000)).toMatchObject({ delivered: 50, dropped: 1, pending: 0 });
  expect(audit.health()).toMatchObject({ circuit: 'closed', droppedBy: { unreachable: 1 } });
});

test('SDK-4 a capture does no synchronous I/O in any mode, and costs at most ten copies of its event', async () => {
  const { audit } = await connect(accept, {
    spool: { directory: join(directory, 'hot') },
    batchAfterMs: 1_000,
  });
  const large = { ...event(), description: 'x'.repeat(850) };
  // The first event of a mode opens its resources, such as the spool's directory.
  await audit.capture(large, { mode: 'durable' });
  const spies = syncFileFunctions().map((name) => vi.spyOn(fs, name));
  syncBuiltinESMExports();
  const captured = (['durable', 'strict', 'best_effort'] as const).map((mode) =>
    Promise.resolve(audit.capture(large, { mode })),
  );
  const called = (): string[] =>
    spies.filter(({ mock }) => mock.calls.length > 0).map((spy) => spy.getMockName());
  const calledMeanwhile = called();
  // This call does I/O, to check that the spies work.
  statSync(directory);
  const calledHere = called();
  vi.restoreAllMocks();
  syncBuiltinESMExports();
  expect(calledMeanwhile).toEqual([]);
  expect(calledHere).toEqual(['statSync']);
  await Promise.all(captured);

  // Both take turns and the best of several rounds counts, so that other work of the machine does not count.
  const captures: number[] = [];
  const copies: number[] = [];
  for (let round = 0; round < 20; round++) {
    captures.push(medianOf(() => void audit.capture(large)));
    await audit.flush();
    copies.push(medianOf(() => void structuredClone(large)));
  }
  const capture = Math.min(...captures);
  const copy = Math.min(...copies);
  console.log(
    `half of the calls of the best round: capture of 1 KB within ${capture.toFixed(1)} µs, a copy ${copy.toFixed(1)} µs`,
  );
  expect(capture).toBeLessThanOrEqual(copy * 10);
});

/** The median of the calls, in microseconds. */
function medianOf(call: () => void): number {
  const took = Array.from({ length: 500 }, () => {
    const began = performance.now();
    call();
    return (performance.now() - began) * 1_000;
  });
  return took.toSorted((a, b) => a - b)[250] ?? Infinity;
}

function syncFileFunctions(): (keyof typeof fs & `${string}Sync`)[] {
  return Object.keys(fs).filter(
    (name): name is keyof typeof fs & `${string}Sync` =>
      name.endsWith('Sync') && typeof Reflect.get(fs, name) === 'function',
  );
}

test('SDK-17 each action has its mode: memory, disk, ledger, and the outbox of a transaction', async () => {
  const { audit, server, errors } = await connect(accept, {
    modeOf: { 'pay.*': 'strict', 'pay.later': 'durable' },
    spool: { directory: join(directory, 'modes') },
  });
  const rows: unknown[] = [];
  const transaction = {
    query: (_text: string, values: readonly unknown[]) => Promise.resolve(rows.push(...values)),
  };
  const of = (action: string, options?: Parameters<Audit['capture']>[1]): unknown =>
    audit.capture({ action, actor: { id: 'ana' } }, options);
  expect(of('see.it')).toBeUndefined();
  await expect(of('pay.now')).resolves.toMatchObject({ state: 'sequenced', index: expect.any(Number) });
  await expect(of('pay.later')).resolves.toMatchObject({ state: 'spooled' });
  await expect(of('see.it', { mode: 'strict' })).resolves.toMatchObject({ state: 'sequenced' });
  await expect(of('see.it', { transaction })).resolves.toMatchObject({ state: 'outboxed' });
  await expect(of('not one word', { mode: 'durable' })).resolves.toMatchObject({
    state: 'rejected',
    rejection: { field: 'action' },
  });
  const error = { code: 'outbox_failed', message: 'mode outbox needs the option transaction' };
  await expect(of('see.it', { mode: 'outbox' })).rejects.toMatchObject(error);
  expect(errors.at(-1)).toMatchObject(error);
  // Nobody waits for this call and it fails, which must not end the process.
  const ended = vi.fn<() => void>();
  process.on('unhandledRejection', ended);
  void of('see.it', { mode: 'outbox' });
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', ended);
  expect(ended).not.toHaveBeenCalled();
  expect(rows).toHaveLength(1);
  await audit.close();
  expect(server.batches.flat()).toHaveLength(4);
  expectConserved(audit.health());
  expect(audit.health()).toMatchObject({
    outboxed: 1,
    delivered: 4,
    rejected: 1,
    droppedBy: { outbox_failed: 2 },
  });
  await expect(of('pay.now')).rejects.toMatchObject({ code: 'closed' });
});

test('SDK-17 without an answer strict rejects in time, and its event is not sent later', async () => {
  const { audit } = await connect(() => undefined, {
    mode: 'strict',
    strictTimeoutMs: 200,
    requestTimeoutMs: 300,
  });
  await expect(audit.capture(event())).rejects.toMatchObject({ code: 'unreachable' });
  await expect.poll(() => audit.health()).toMatchObject({ submitted: 1, pending: 0, dropped: 1 });
});

test('SDK-16 SDK-26 only its owner can read the spool, an empty spool is removed, and receipts are reported', async () => {
  const spool = { directory: join(directory, 'rights') };
  let isUp = false;
  const { audit, errors } = await connect(
    (response, events) => (isUp ? accept(response, events) : response.writeHead(503).end()),
    { mode: 'durable', spool },
  );
  await audit.capture(event());
  for (const path of readdirSync(spool.directory, { recursive: true, withFileTypes: true })) {
    const { mode } = statSync(join(path.parentPath, path.name));
    expect([path.name, mode & 0o077]).toEqual([path.name, 0]);
  }
  expect(audit.health()).toMatchObject({ pending: 1, spooled: 1, spoolBytes: expect.any(Number) });
  isUp = true;
  const { spooled } = await audit.close();
  expect(spooled).toBe(0);
  expect(readdirSync(spool.directory)).toEqual([]);
  expect(audit.health().lastReceipt).toMatchObject({ index: 0, leafHash: '' });
  expect(errors.every(({ code }) => code === 'unreachable')).toBe(true);
});

test('SDK-26 a server that answers another index for the same event is reported', async () => {
  let index = 0;
  const { audit, errors } = await connect(
    (response, events) => {
      const results = events.map(({ id }) => ({ id, index: index++, leafHash: `hash ${index}` }));
      response.writeHead(201).end(JSON.stringify({ results }));
    },
    { mode: 'strict' },
  );
  const id = '019ca6b1-dc00-7000-8000-000000000001';
  await audit.capture({ ...event(), id });
  await audit.capture({ ...event(), id });
  await expect.poll(() => errors.map((error) => [error.code, error.id])).toEqual([['receipt_changed', id]]);
});

test('a key of a tenant that is replaced is used from the next request on', async () => {
  let key: string | undefined = 'first';
  const { audit, server } = await connect(accept, { keyOf: () => key, mode: 'strict' });
  for (const next of ['second', undefined, 'third']) {
    await withContext({ tenant: 'a' }, () => audit.capture(event()));
    key = next;
  }
  await withContext({ tenant: 'a' }, () => audit.capture(event()));
  expect(server.headers.map(({ authorization }) => authorization)).toEqual(
    ['first', 'second', 'second', 'third'].map((key) => `Bearer ${key}`),
  );
});

test('each tenant of a context has a key, numbers and a sender of its own', async () => {
  const { audit, server } = await connect(accept, {
    keyOf: (tenant) => (tenant === 'none' ? '' : `key-of-${tenant}`),
    tenantsMax: 2,
  });
  for (const tenant of ['a', 'b', 'a', 'none', 'c'])
    withContext({ tenant }, () => void audit.capture(event()));
  await audit.close();
  const sent = server.headers.map((headers) => [
    headers['authorization'],
    String(headers['bitacora-sequences']).split(' ')[1],
  ]);
  expect(sent.toSorted(([a], [b]) => String(a).localeCompare(String(b)))).toEqual([
    ['Bearer key-of-a', '1-2'],
    ['Bearer key-of-b', '1'],
  ]);
  expect(audit.health()).toMatchObject({ submitted: 5, delivered: 3, droppedBy: { too_many_tenants: 2 } });
});

test("SDK-7 the context fills fields that the event does not have, redacted, and the event's own fields count first", async () => {
  const { audit, server } = await connect(accept, { name: 'shop' });
  const context = { actor: { id: 'ana' }, correlationId: 'c-1', attributes: { a: 1, password: 'x' } };
  withContext(context, () => void audit.capture({ action: 'a.b', attributes: { b: 2 } }));
  withContext(context, () => void audit.capture({ action: 'a.b', actor: { id: 'eva' } }));
  withContext({ ...context, paused: true }, () => void audit.capture({ action: 'a.b' }));
  void audit.capture({ action: 'a.b' });
  const list: any = ['no object'];
  withContext({ attributes: list, module: 'm' }, () => void audit.capture({ action: 'a.b' }));
  await audit.close();
  expect(audit.health()).toMatchObject({ submitted: 4, delivered: 4, rejected: 0 });
  const [first, second, third, fourth] = server.batches.flat();
  expect(fourth).toMatchObject({ module: 'm' });
  expect(fourth).not.toHaveProperty('attributes');
  expect(first).toMatchObject({ actor: { id: 'ana' }, correlationId: 'c-1', attributes: { a: 1, b: 2 } });
  expect(JSON.stringify(first)).not.toContain('"x"');
  expect(second).toMatchObject({ actor: { id: 'eva' } });
  expect(third).toMatchObject({ actor: { type: 'system', id: 'shop' } });
});

test("SDK-23 the SDK's own requests are not captured", async () => {
  const seen: unknown[] = [];
  const transport: Transport = (batch) => {
    seen.push(audit.capture({ action: 'http.request' }));
    return Promise.resolve({
      kind: 'judged',
      judgements: batch.ids.map((_, index) => ({ state: 'sequenced', index, leafHash: '' })),
    });
  };
  const audit: Audit = createAudit({ transport, name: 'recursion' });
  void audit.capture(event());
  await audit.close();
  expect(seen).toHaveLength(1);
  expect(audit.health().submitted).toBe(1);
});

test('SDK-27 events are sent with the time of sending, and a clock that jumps changes no timer', async () => {
  let nowMs = Date.parse('2026-03-01T00:00:00Z');
  const { audit, server } = await connect(accept, { clock: () => nowMs, batchAfterMs: 50 });
  for (const jumpMs of [0, -86_400_000, 86_400_000]) {
    nowMs += jumpMs;
    void audit.capture(event());
    await expect.poll(() => audit.health().pending).toBe(0);
  }
  expect(server.headers.map((headers) => headers['sent-at'])).toEqual([
    '2026-03-01T00:00:00.000Z',
    '2026-02-28T00:00:00.000Z',
    '2026-03-01T00:00:00.000Z',
  ]);
  const ids = server.batches.flat().map(({ id }) => id);
  expect(ids).toEqual(ids.toSorted());
});

test('SDK-29 debug prints what would be sent, redacted; disabled does nothing at all', async () => {
  const printed: string[] = [];
  const write = vi
    .spyOn(process.stderr, 'write')
    .mockImplementation((text) => printed.push(String(text)) > 0);
  const audit = createAudit({ debug: true, name: 'debugged' });
  void audit.capture({ ...event(), attributes: { n: 1, password: 'hunter2' } });
  await audit.close();
  write.mockRestore();
  expect(printed.join('')).toMatch(/"action":"a.b".*\[redacted/);
  expect(printed.join('')).not.toContain('hunter2');
  const nothing = createAudit({ disabled: true });
  expect(nothing.capture(event())).toBeUndefined();
  expect(Object.isFrozen(nothing)).toBe(true);
  expect(await nothing.close()).toEqual({ delivered: 0, rejected: 0, pending: 0, dropped: 0, spooled: 0 });
});

test('SDK-15 events for which memory has no room go to the spool, if there is one', async () => {
  let isUp = false;
  const { audit } = await connect(
    (response, events) => (isUp ? accept(response, events) : response.writeHead(503).end()),
    { pendingBytesMax: 5_000, spool: { directory: join(directory, 'overflow') } },
  );
  for (let n = 0; n < 200; n++) {
    void audit.capture(event(n));
    expectConserved(audit.health());
  }
  await expect.poll(() => audit.health().spooled).toBeGreaterThan(150);
  expect(audit.health().pendingBytes).toBeLessThanOrEqual(5_000);
  isUp = true;
  expect(await audit.flush(20_000)).toMatchObject({ delivered: 200, dropped: 0 });
  rmSync(directory, { recursive: true, force: true });
});
