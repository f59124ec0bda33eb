import { EventEmitter, on } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as immediate, setTimeout as wait } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import { expect, test } from 'vitest';
import { currentContext, extendContext, onBehalfOf, runAs, withContext, withoutAudit } from '@bitacora/sdk';
import { createTestAudit } from '@bitacora/sdk/test-kit';
import { createRandom } from '../support/random.ts';

test('SDK-7 1,000 concurrent requests through timers, streams and nested actors never mix contexts', async () => {
  const { audit, events } = createTestAudit();
  const random = createRandom(7);
  const seen = (step: string): void =>
    void audit.capture({
      action: `step.${step}`,
      attributes: { said: currentContext().correlationId ?? '' },
    });
  const server = createServer((request, response) => {
    const id = request.headers['x-id'];
    const context = {
      correlationId: String(id),
      tenant: undefined as never,
      actor: { id: `u-${id}` },
      client: { ip: '10.0.0.1' },
      sessionId: `s-${id}`,
    };
    const waits = Array.from({ length: 4 }, () => random.int(15));
    void withContext(context, async () => {
      seen('start');
      await wait(waits[0]);
      await runAs({ type: 'system', id: `job-${id}` }, async () => {
        await wait(waits[1]);
        seen('job');
        await onBehalfOf({ id: `client-${id}` }, async () => {
          await immediate();
          seen('behalf');
        });
      });
      await pipeline(
        Readable.from(['a', 'b']),
        new Transform({
          transform(chunk: Buffer, _encoding, done) {
            setTimeout(() => {
              seen('stream');
              done(null, chunk);
            }, waits[2]);
          },
        }),
        createGzip(),
        async function (source) {
          for await (const chunk of source) seen(chunk === undefined ? 'never' : 'chunk');
        },
      );
      await Promise.all([
        wait(waits[3]).then(() => seen('parallel')),
        withoutAudit(() => wait(1).then(() => seen('never'))),
      ]);
      process.nextTick(() => {
        queueMicrotask(() => {
          seen('end');
          response.end('ok');
        });
      });
    });
  });
  // On a busy machine answers are late, so connections have no time limit.
  Object.assign(server, { keepAliveTimeout: 0, headersTimeout: 0, requestTimeout: 0 });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const statuses = await Promise.all(
    Array.from({ length: 1_000 }, (_, id) =>
      fetch(`http://127.0.0.1:${port}/`, { headers: { 'x-id': String(id) } }).then((answer) => answer.text()),
    ),
  );
  server.close();
  expect(new Set(statuses)).toEqual(new Set(['ok']));
  const captured = await events();
  const actorOf: Record<string, (id: string) => unknown> = {
    'step.job': (id) => ({ type: 'system', id: `job-${id}` }),
    'step.behalf': (id) => ({ type: 'system', id: `job-${id}`, onBehalfOf: { id: `client-${id}` } }),
  };
  const counts = new Map<string, number>();
  for (const { action, actor, correlationId = '', sessionId, client, attributes } of captured) {
    counts.set(correlationId, (counts.get(correlationId) ?? 0) + 1);
    expect(attributes?.['said']).toBe(correlationId);
    expect(sessionId).toBe(`s-${correlationId}`);
    expect(client).toEqual({ ip: '10.0.0.1' });
    expect(actor).toEqual(actorOf[action]?.(correlationId) ?? { type: 'user', id: `u-${correlationId}` });
  }
  expect(captured.some(({ action }) => action === 'step.never')).toBe(false);
  expect(counts.size).toBe(1_000);
  expect(Math.min(...counts.values())).toBeGreaterThanOrEqual(8);
});

test('SDK-7 a field that is set later reaches running code of the same context, and of no other', async () => {
  const { audit, events } = createTestAudit();
  const request = (id: string): Promise<void> =>
    withContext({ correlationId: id }, async () => {
      const slow = wait(5).then(() => void audit.capture({ action: 'late.read' }));
      expect(extendContext({ actor: { id }, attributes: { by: id } })).toBe(true);
      await slow;
    });
  await Promise.all([request('ana'), request('luis')]);
  expect(extendContext({ actor: { id: 'nobody' } })).toBe(false);
  const found = (await events()).map(({ actor, correlationId, attributes }) => [
    actor.id,
    correlationId,
    attributes?.['by'],
  ]);
  expect(new Set(found.map(String))).toEqual(new Set(['ana,ana,ana', 'luis,luis,luis']));
});

test('SDK-7 events of an emitter have the context of the loop that waits for them', async () => {
  const { audit, expectAudit } = createTestAudit();
  const emitter = new EventEmitter();
  const stopping = new AbortController();
  const loop = withContext({ correlationId: 'loop' }, async () => {
    for await (const [action] of on(emitter, 'sent', { signal: stopping.signal })) {
      void audit.capture({ action });
      stopping.abort();
    }
  });
  withContext({ correlationId: 'other' }, () => emitter.emit('sent', 'mail.send'));
  await expect(loop).rejects.toThrow('aborted');
  expect((await expectAudit('mail.send')).correlationId).toBe('loop');
});

test('SDK-7 the event wins over its context field by field, and attributes are merged', async () => {
  const { audit, expectAudit } = createTestAudit();
  withContext(
    { actor: { id: 'ana' }, module: 'billing', attributes: { shop: 1, lane: 2 }, tags: ['a'] },
    () => {
      void audit.capture({ action: 'a.b', module: 'sales', attributes: { lane: 3 } });
    },
  );
  expect(await expectAudit('a.b')).toMatchObject({
    actor: { id: 'ana' },
    module: 'sales',
    attributes: { shop: 1, lane: 3 },
    tags: ['a'],
  });
});
