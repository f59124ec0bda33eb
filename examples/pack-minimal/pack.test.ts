import { parseEvent, type EventInput } from '@bitacora/event';
import { loggersOf, testPack } from '@bitacora/pack-kit';
import { expect, test } from 'vitest';
import { library } from './pack.ts';

test('the smallest pack passes testPack', () => {
  expect(testPack(library)).toEqual([]);
});

test('its logger captures an event that parses', () => {
  const captured: EventInput[] = [];
  const { lend } = loggersOf(library, (event) => void captured.push(event));
  void lend?.({ librarian: 'lia', reader: 'r1', book: 'b1' });
  expect(captured.map((event) => parseEvent(event).ok)).toEqual([true]);
  expect(captured[0]).toMatchObject({ action: 'book.lend', subject: { id: 'r1' } });
});
