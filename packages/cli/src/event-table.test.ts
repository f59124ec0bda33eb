import { expect, test } from 'vitest';
import { tableHeading, tableLine } from './event-table.ts';

const entry = {
  index: 0,
  id: 'x',
  ledger: 'acme',
  ingestedAt: '2026-03-01T00:00:01.000Z',
  event: {
    id: 'x',
    action: 'thing.do',
    occurredAt: '2026-03-01T00:00:00.000Z',
    actor: { type: 'user', id: 'ana', name: 'Ana' },
    targets: [{ type: 'thing', id: '7' }],
    outcome: 'success',
  },
} as const;

test('a line shows the earlier time, the names and the outcome under their headings', () => {
  const line = tableLine(entry);
  expect(line.trimEnd().split(/ {2,}/)).toEqual([
    '2026-03-01 00:00:00.000',
    'Ana',
    'thing.do',
    'thing/7',
    'success',
  ]);
  expect(line.indexOf('thing.do')).toBe(tableHeading.indexOf('ACTION'));
  expect(tableLine({ ...entry, altered: ['text'] })).toContain('ALTERED');
});

test('what a host wrote cannot reach the terminal as control characters, and is cut to its column', () => {
  const actor = { type: 'user', id: 'x', name: '\u001b[31mred\u0007\r\n\u202eflip' } as const;
  const line = tableLine({ ...entry, event: { ...entry.event, actor, action: 'a'.repeat(99) } });
  expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(line).toContain('aaa…  ');
});
