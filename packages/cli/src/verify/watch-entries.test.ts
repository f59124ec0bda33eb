import { entryJson, parseEntry } from '@bitacora/event';
import { expect, test } from 'vitest';
import { watchEntries } from './watch-entries.ts';

let made = 0;
const entry = (attributes: Record<string, unknown>, ledger = 'acme'): string =>
  entryJson({
    ledger,
    ingestedAt: '2026-03-01T10:00:00.000Z',
    open: {
      id: `01890000-0000-7000-8000-${String(made++).padStart(12, '0')}`,
      action: 'a.b',
      actor: { type: 'user', id: 'ana' },
      attributes: JSON.parse(JSON.stringify(attributes)),
    },
    commitments: { actor: 'x'.repeat(43) },
  });

async function firstForeign(
  texts: readonly string[],
): Promise<{ index: number; reason: string } | undefined> {
  const entries = texts.map((text) => Buffer.from(text));
  const watched = watchEntries(
    {
      async *readBundles() {
        yield await Promise.resolve({ index: 0, entries });
      },
    },
    { ledger: 'acme', minimumIndex: 0 },
  );
  for await (const run of watched.source.readBundles(0)) expect(run.entries).toHaveLength(texts.length);
  return watched.first();
}

test('entries of the ledger pass with any texts and attributes', async () => {
  const passing = [
    entry({}),
    entry({ ledger: 'other' }),
    entry({ text: '"ingestedAt":"2026-03-01T10:00:00.000Z","ledger":"other","' }),
    entry({ nested: { ingestedAt: '2026-03-01T10:00:00.000Z', ledger: 'other', z: 1 } }),
  ];
  expect(await firstForeign(passing)).toBeUndefined();
});

test.each([
  ['another ledger', entry({}, 'other')],
  [
    'another ledger, with this one in its attributes',
    entry({ nested: { ingestedAt: '2026-03-01T10:00:00.000Z', ledger: 'acme', z: 1 } }, 'other'),
  ],
  ['no entry at all', 'x'],
  ['nothing', ''],
  ['a member that breaks off', '{"action":"a.b","ingestedAt":"2026-03-01T10:00:00.000Z","ledger":'],
  ['no version', entry({}).replace(',"v":1}', '}')],
])('%s is foreign', async (_, text) => {
  expect(await firstForeign([entry({}), text])).toMatchObject({ index: 1 });
});

test('every entry gives its id once, however often its bundle is read', async () => {
  const texts = [entry({}), entry({ text: '"id":"x","ingestedAt":"' }), entry({})];
  const entries = texts.map((text) => Buffer.from(text));
  const runs: unknown[] = [];
  const watched = watchEntries(
    {
      async *readBundles() {
        yield await Promise.resolve({ index: 0, entries: entries.slice(0, 2) });
        yield await Promise.resolve({ index: 0, entries });
      },
    },
    { ledger: 'acme', minimumIndex: 0, onIds: (run) => Promise.resolve(void runs.push(run)) },
  );
  for await (const run of watched.source.readBundles(0)) expect(run.index).toBe(0);
  const ids = texts.map((text) => parseEntry(text).open.id);
  expect(runs).toEqual([
    { index: 0, ids: ids.slice(0, 2) },
    { index: 2, ids: ids.slice(2) },
  ]);
  expect(watched.first()).toBeUndefined();
});
