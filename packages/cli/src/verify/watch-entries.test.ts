import { entryJson } from '@bitacora/event';
import { expect, test } from 'vitest';
import { watchEntries } from './watch-entries.ts';

const entry = (attributes: Record<string, unknown>, ledger = 'acme'): string =>
  entryJson({
    ledger,
    ingestedAt: '2026-03-01T10:00:00.000Z',
    open: {
      id: '01890000-0000-7000-8000-000000000000',
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
    'acme',
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
