import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Get } from '@nestjs/common';
import { expect, test } from 'vitest';
import { withContext } from '@bitacora/sdk';
import { audited } from '@bitacora/sdk/functions';
import { createTestAudit } from '@bitacora/sdk/test-kit';
import { compileDecorators } from '../support/compile-decorators.ts';
import type { decoratedBookings } from './decorated-bookings.ts';

test('SDK-31 a wrapped function is captured with outcome and duration, and returns what it returns', async () => {
  const { audit, expectAudit } = createTestAudit();
  const total = audited(
    {
      audit,
      action: 'invoice.total',
      level: 'low',
      target: ([id]: [string, ...number[]]) => ({ type: 'invoice', id }),
      attributes: ([, ...lines], sum: number | undefined) => ({ lines: lines.length, sum: sum ?? null }),
    },
    (_id: string, ...lines: number[]) => lines.reduce((sum, line) => sum + line, 0),
  );
  expect(total('i7', 1, 2, 3)).toBe(6);
  expect(await expectAudit('invoice.total')).toMatchObject({
    outcome: 'success',
    level: 'low',
    targets: [{ type: 'invoice', id: 'i7' }],
    attributes: { lines: 3, sum: 6 },
    durationMs: expect.any(Number),
  });
});

test('SDK-31 what a function throws or rejects with reaches the caller unchanged and is recorded, redacted', async () => {
  const { audit, expectAudit } = createTestAudit();
  const thrown = Object.assign(new Error('refused: password=hunter2'), { code: 'E_REFUSED' });
  const sync = audited({ audit, action: 'job.sync' }, () => {
    throw thrown;
  });
  const later = audited({ audit, action: 'job.later' }, async () => {
    await Promise.resolve();
    throw thrown;
  });
  const odd = audited({ audit, action: 'job.odd' }, () => Promise.reject('only a text'));
  expect(sync).toThrow(thrown);
  await expect(later()).rejects.toBe(thrown);
  await expect(odd()).rejects.toBe('only a text');
  const error = { code: 'E_REFUSED', message: 'refused: password=[redacted]' };
  await expectAudit({ action: 'job.sync', outcome: 'failure', error });
  await expectAudit({ action: 'job.later', outcome: 'failure', error });
  await expectAudit({ action: 'job.odd', outcome: 'failure', error: { message: 'only a text' } });
});

test('SDK-31 a wrapped function keeps its receiver, name, length and context; options that throw cost only their field', async () => {
  const { audit, expectAudit } = createTestAudit();
  const shop = {
    name: 'north',
    sell: audited(
      {
        audit: () => audit,
        action: 'item.sell',
        target: () => {
          throw new Error('a bug of the host');
        },
      },
      function (this: { name: string }, item: string, count: number) {
        return `${this.name}: ${count} ${item}`;
      },
    ),
  };
  expect([shop.sell.name, shop.sell.length]).toEqual(['', 2]);
  withContext({ actor: { id: 'ana' } }, () => expect(shop.sell('tea', 2)).toBe('north: 2 tea'));
  const event = await expectAudit({ action: 'item.sell', actor: { id: 'ana' }, outcome: 'success' });
  expect(event.attributes).toEqual({ unreadable: ['target'] });
  expect(event).not.toHaveProperty('targets');
});

test('SDK-31 generators and iterators are passed through, and an audit that fails never makes a call fail', async () => {
  const { audit, expectAudit } = createTestAudit();
  const pages = audited({ audit, action: 'page.read' }, function* (count: number) {
    for (let page = 0; page < count; page++) yield page;
  });
  const feed = audited({ audit, action: 'feed.read' }, async function* () {
    yield 'a';
  });
  expect([...pages(3)]).toEqual([0, 1, 2]);
  for await (const page of feed()) expect(page).toBe('a');
  await expectAudit('page.read', { times: 1 });
  await expectAudit('feed.read', { times: 1 });
  const failing = { ...audit, capture: () => Promise.reject(new Error('no disk')) };
  const throwing = {
    ...audit,
    capture: () => {
      throw new Error('a bug');
    },
  };
  expect(audited({ audit: failing, action: 'a.b' }, () => 1)()).toBe(1);
  expect(await audited({ audit: failing, action: 'a.b' }, async () => 2)()).toBe(2);
  expect(audited({ audit: throwing, action: 'a.b' }, () => 3)()).toBe(3);
});

test("SDK-31 the decorators that NestJS uses capture methods too, and a method's metadata stays", async () => {
  const { audit, expectAudit } = createTestAudit();
  class Rooms {
    readonly fee = 12;
    price(nights: number): number {
      return nights * this.fee;
    }
  }
  const { prototype } = Rooms;
  const own = Object.getOwnPropertyDescriptor(prototype, 'price') ?? {};
  Get('/price')(prototype, 'price', own as TypedPropertyDescriptor<unknown>);
  const made = audited({ audit, action: 'room.price' })(
    prototype,
    'price',
    own as TypedPropertyDescriptor<Rooms['price']>,
  );
  Object.defineProperty(prototype, 'price', made);
  expect(new Rooms().price(2)).toBe(24);
  expect(Reflect.getMetadata('path', Reflect.get(prototype, 'price'))).toBe('/price');
  await expectAudit({ action: 'room.price', outcome: 'success' }, { times: 1 });
});

test('SDK-31 the standard decorator, compiled by tsc, captures methods as the wrapper does functions', async () => {
  const { audit, expectAudit, events } = createTestAudit();
  const folder = mkdtempSync(join(tmpdir(), 'decorated-'));
  try {
    const compiled = await compileDecorators(resolve(import.meta.dirname, 'decorated-bookings.ts'), folder);
    const made: ReturnType<typeof decoratedBookings> = compiled.decoratedBookings(audited, audit);
    expect(await made.bookings.cancel('b7', 2)).toEqual({ fee: 24 });
    await expect(made.bookings.cancel('missing', 1)).rejects.toThrow(RangeError);
    expect(made.count(['a'])).toBe(1);
    expect(() => made.count(['a', 'b', 'c'])).toThrow('too many');
    expect(made.bookings.cancel.name).toBe('cancel');
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  const cancelled = { action: 'booking.cancel', level: 'high' };
  await expectAudit({
    ...cancelled,
    outcome: 'success',
    targets: [{ type: 'booking', id: 'b7' }],
    attributes: { seats: 2, fee: 24 },
  });
  await expectAudit({
    ...cancelled,
    outcome: 'failure',
    error: { code: 'E_MISSING', message: 'no such booking' },
  });
  await expectAudit({ action: 'booking.count', outcome: 'failure' }, { times: 1 });
  expect(await events()).toHaveLength(3);
});
