import { expect, test } from 'vitest';
import { createEventStreamParser } from './server-sent-events.ts';

const stream = ': hello\n\nid: a1\nevent: entry\ndata: {"x":\ndata: 1}\n\nretry: 250\r\n\r\ndata: ñ\r\n\r\n';

test('an event stream reads the same in chunks of any size', () => {
  const whole = createEventStreamParser()(stream);
  expect(whole).toEqual([
    { type: 'entry', data: '{"x":\n1}', lastEventId: 'a1', retryMs: undefined },
    { type: 'message', data: 'ñ', lastEventId: 'a1', retryMs: 250 },
  ]);
  for (let size = 1; size < 9; size++) {
    const parse = createEventStreamParser();
    const parts: unknown[] = [];
    for (let at = 0; at < stream.length; at += size) parts.push(...parse(stream.slice(at, at + size)));
    expect(parts).toEqual(whole);
  }
});

test('an unfinished event is not delivered', () => {
  expect(createEventStreamParser()('data: half\n')).toEqual([]);
});
