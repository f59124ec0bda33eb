import { Worker } from 'node:worker_threads';
import { afterEach, expect, test } from 'vitest';
import {
  contextHeader,
  contextHeaderName,
  currentContext,
  parseTraceparent,
  runAs,
  withContext,
  withContextHeader,
  withFixedContext,
} from '@bitacora/sdk';
import { createTestAudit } from '@bitacora/sdk/test-kit';

const apiKey = Symbol.for('opentelemetry.js.api.1');
const spanKey = Symbol.for('OpenTelemetry Context Key SPAN');
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';
afterEach(() => void Reflect.deleteProperty(globalThis, apiKey));

test('SDK-8 a context can be passed without asynchronous storage, and nothing of the running context is added', async () => {
  const { audit, expectAudit } = createTestAudit();
  const fixed = withFixedContext(audit, { actor: { id: 'importer' }, correlationId: 'job-7' });
  withContext({ actor: { id: 'ana' }, module: 'billing' }, () => {
    void fixed.capture({ action: 'row.import' });
    void fixed.capture({ action: 'row.own', actor: { id: 'own' } });
    void audit.capture({ action: 'row.other' });
  });
  const imported = await expectAudit('row.import');
  expect(imported).toMatchObject({ actor: { id: 'importer' }, correlationId: 'job-7' });
  expect(imported).not.toHaveProperty('module');
  await expectAudit({ action: 'row.own', actor: { id: 'own' }, correlationId: 'job-7' });
  await expectAudit({ action: 'row.other', actor: { id: 'ana' }, module: 'billing' });
  expect(fixed.health().submitted).toBe(3);
});

test("SDK-8 OpenTelemetry's active span is used when it is loaded, and its absence or failure does no harm", async () => {
  const { audit, expectAudit } = createTestAudit();
  void audit.capture({ action: 'trace.none' });
  const span = { spanContext: () => ({ traceId, spanId, traceFlags: 1 }) };
  const active = { getValue: (key: symbol) => (key === spanKey ? span : undefined) };
  Reflect.set(globalThis, apiKey, { version: '1.9.0', context: { active: () => active } });
  void audit.capture({ action: 'trace.active' });
  void audit.capture({ action: 'trace.own', traceId: 'a'.repeat(32) });
  withContext(
    { traceId: 'b'.repeat(32), spanId: 'c'.repeat(16) },
    () => void audit.capture({ action: 'trace.context' }),
  );
  Reflect.set(globalThis, apiKey, {
    version: '9',
    context: {
      active: () => {
        throw new Error('other');
      },
    },
  });
  void audit.capture({ action: 'trace.broken' });
  expect(await expectAudit('trace.active')).toMatchObject({ traceId, spanId });
  await expectAudit({ action: 'trace.own', traceId: 'a'.repeat(32) });
  await expectAudit({ action: 'trace.context', traceId: 'b'.repeat(32), spanId: 'c'.repeat(16) });
  for (const action of ['trace.none', 'trace.broken'])
    expect(await expectAudit(action)).not.toHaveProperty('traceId');
});

test('SDK-8 traceparent is read as W3C Trace Context says', () => {
  const read = (header: string | undefined): unknown => parseTraceparent(header);
  expect(read(`00-${traceId}-${spanId}-01`)).toEqual({ traceId, spanId });
  expect(read(`cc-${traceId}-${spanId}-01-what-comes-later`)).toEqual({ traceId, spanId });
  const malformed = [
    undefined,
    '',
    `00-${traceId}-${spanId}-01-more`,
    `ff-${traceId}-${spanId}-01`,
    `00-${'0'.repeat(32)}-${spanId}-01`,
    `00-${traceId}-${'0'.repeat(16)}-01`,
    `00-${traceId.toUpperCase()}-${spanId}-01`,
    `00-${traceId.slice(1)}-${spanId}-01`,
    `00-${traceId}-${spanId}`,
  ];
  for (const header of malformed) expect(read(header), header).toBeUndefined();
});

test('SDK-7 a context goes through a queue to another thread in one header', async () => {
  const actor = { id: 'ana', type: 'user', name: 'Ana Ñ', onBehalfOf: { id: 'luis' } } as const;
  const context = { actor, tenant: 'acme', sessionId: 's-1', correlationId: 'c-1', traceId, spanId };
  const header =
    withContext({ ...context, module: 'stays here', client: { ip: '10.0.0.1' } }, () => contextHeader()) ??
    '';
  expect(header).toMatch(/^[\w-]+$/);
  expect(contextHeaderName).toBe('bitacora-context');
  const source = `
    import { parentPort, workerData } from 'node:worker_threads';
    const { currentContext, withContextHeader } = await import(workerData.sdk);
    await withContextHeader(workerData.header, async () => { await null; parentPort.postMessage(currentContext()); });`;
  const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), {
    workerData: { header, sdk: import.meta.resolve('@bitacora/sdk') },
    execArgv: ['--conditions=bitacora:source'],
  });
  const received = await new Promise((resolve, reject) =>
    worker.once('message', resolve).once('error', reject),
  );
  await worker.terminate();
  expect(received).toEqual(context);
});

test('SDK-7 a header stays within 4 KiB and ASCII, and what is not one is ignored', () => {
  const name = 'ж'.repeat(512);
  const long = {
    actor: { id: 'ana', name, email: name, role: name, onBehalfOf: { name } },
    correlationId: 'c-1',
  };
  const header = contextHeader(long) ?? '';
  expect(header.length).toBeLessThanOrEqual(4_096);
  withContextHeader(header, () =>
    expect(currentContext()).toEqual({ actor: { id: 'ana' }, correlationId: 'c-1' }),
  );
  expect(contextHeader({})).toBeUndefined();
  expect(contextHeader({ module: 'billing' })).toBeUndefined();
  const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const nothing = [
    undefined,
    null,
    '',
    '{',
    'not base64!',
    encode(7),
    encode([1]),
    encode(null),
    'A'.repeat(5_000),
    encode({ correlationId: 7, tenant: {}, actor: 'ana', paused: true }),
    encode({ actor: { name: 'no id' } }),
  ];
  for (const bad of nothing) withContextHeader(bad, () => expect(currentContext()).toEqual({}));
  const foreign = encode({
    correlationId: 'c',
    __proto__: { paused: true },
    paused: true,
    actor: { id: 'x', type: 'root', admin: true },
  });
  runAs({ id: 'ana' }, () =>
    withContextHeader(foreign, () =>
      expect(currentContext()).toEqual({ correlationId: 'c', actor: { id: 'x' } }),
    ),
  );
});
