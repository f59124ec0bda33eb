import {
  createTileReader,
  leafHash,
  rootFromTiles,
  tilePath,
  tileRoot,
  tilesForSize,
  type HashReader,
} from '@bitacora/tlog';
import { expect, test } from 'vitest';
import { judgeHistory } from './judge-history.ts';
import type { ReadNote } from './read-note.ts';

const sizes = [1, 2, 3, 255, 256, 257, 600, 1_025];
const pairs = sizes.flatMap((before) => sizes.map((after) => ({ before, after })));

test.each(pairs.filter(({ before, after }) => before < after))(
  'from $before to $after entries: growth is growth, and any earlier entry that changed is a fork',
  async ({ before, after }) => {
    const kept = (await publish(before)).checkpoint;
    const honest = await publish(after);
    expect(await judgeHistory({ kept, found: honest.checkpoint }, honest.reader)).toBeUndefined();
    for (const changed of new Set([0, before >> 1, before - 1])) {
      const { checkpoint: found, reader } = await publish(after, changed);
      expect(await judgeHistory({ kept, found }, reader)).toMatchObject({
        kind: 'fork',
        kept: { size: before },
        found: { size: after },
      });
    }
    const later = await publish(after, before);
    expect(await judgeHistory({ kept, found: later.checkpoint }, later.reader)).toBeUndefined();
  },
);

test('a smaller tree is a rollback, a different tree of the same size is a fork, and tiles of neither tree are a problem of their own', async () => {
  const [first, changed, small] = await Promise.all([publish(300), publish(300, 5), publish(299)]);
  const kept = first.checkpoint;
  expect(await judgeHistory({ kept, found: kept }, first.reader)).toBeUndefined();
  expect(await judgeHistory({ kept, found: changed.checkpoint }, changed.reader)).toMatchObject({
    kind: 'fork',
  });
  expect(await judgeHistory({ kept, found: small.checkpoint }, small.reader)).toMatchObject({
    kind: 'rollback',
  });
  const grown = await publish(600);
  const wrong = await publish(600, 5);
  expect(await judgeHistory({ kept, found: grown.checkpoint }, wrong.reader)).toMatchObject({
    kind: 'tiles',
  });
  await expect(judgeHistory({ kept, found: grown.checkpoint }, small.reader)).rejects.toThrow(RangeError);
});

/** A published tree of this many entries. One entry may differ from that of the other trees. */
async function publish(
  size: number,
  changed?: number,
): Promise<{ checkpoint: ReadNote; reader: HashReader }> {
  const entry = (n: number): Uint8Array => Buffer.from(n === changed ? `another ${n}` : `entry ${n}`);
  const levels = [Array.from({ length: size }, (_, n) => leafHash(entry(n)))];
  const tiles = new Map<string, Uint8Array>();
  for (const tile of tilesForSize(size)) {
    const below = levels[tile.level] ?? [];
    const bytes = Buffer.concat(below.slice(tile.index * 256, tile.index * 256 + tile.width));
    tiles.set(tilePath(tile), bytes);
    if (tile.width === 256) (levels[tile.level + 1] ??= []).push(tileRoot(bytes));
  }
  const reader = createTileReader((tile) => tiles.get(tilePath(tile)), { size });
  return { checkpoint: { note: `note of ${size}`, size, root: await rootFromTiles(size, reader) }, reader };
}
