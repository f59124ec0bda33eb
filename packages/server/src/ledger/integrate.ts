import {
  createFrontier,
  edgeTiles,
  formatCheckpoint,
  frontierOfEdge,
  growTiles,
  signNote,
  type Signer,
  type TileEdge,
} from '@bitacora/tlog';
import type { Client, Database } from '../storage/index.ts';
import { readEntryRange } from './read-entries.ts';
import { LedgerShrank } from './ledger-shrank.ts';
import type { LedgerRow } from './sealed-event.ts';
import { sha256 } from './sha256.ts';
import { tileHashes } from './tiles.ts';

export interface IntegratorOptions {
  ledger: LedgerRow;
  database: Database;
  signer: Signer;
  /** Leaf hashes from `first` to `end` that the writer of this process still holds; undefined when one is missing. */
  leafHashes: (first: number, end: number) => Buffer[] | undefined;
  /** Must make the leaf hashes of the entries from `first` on durable outside the database before it resolves. */
  keepLeaves: (first: number, leafHashes: readonly Uint8Array[]) => Promise<void>;
  /** Must make the note durable outside the database before it resolves. */
  publish: (note: { ledger: LedgerRow; size: number; note: string }) => Promise<void>;
}

export interface Integrator {
  /** Integrates the appended entries and publishes a checkpoint over them; returns the published size. */
  run(): Promise<number>;
}

/** Entries per transaction: bounds memory and the time the tree's row is locked. */
const integrateEntriesMax = 100_000;

/**
 * Sequenced → integrated → published. The tree's row is locked while the tree grows, so two servers never sign two different
 * trees. A checkpoint is signed in the transaction that stores its tiles, and is published only after the commit.
 */
export function createIntegrator(options: IntegratorOptions): Integrator {
  let tree: Tree | undefined;
  let last: Promise<unknown> = Promise.resolve();
  const run = async (): Promise<number> => {
    for (;;) {
      const step = await integrateOnce(options, tree);
      tree = step.tree;
      for (const note of step.notes) {
        await options.publish({ ledger: options.ledger, ...note });
        await markPublished(options, note.size);
      }
      if (step.reachedHead) return step.tree.size;
    }
  };
  return {
    run() {
      // One run after the other, so that notes are published in the order of their sizes.
      const next = last.then(run, run);
      last = next;
      return next;
    },
  };
}

interface Tree {
  size: number;
  edge: TileEdge;
}

interface Step {
  tree: Tree;
  /** Signed but not yet published, oldest first; also those that a killed predecessor left. */
  notes: { size: number; note: string }[];
  reachedHead: boolean;
}

async function integrateOnce(options: IntegratorOptions, last: Tree | undefined): Promise<Step> {
  const { ledger, database } = options;
  return database.write({ tenant: ledger.tenant, ledgers: [ledger.id] }, async (client) => {
    const size = await lockTree(client, ledger.id);
    if (last && size < last.size) throw new LedgerShrank(ledger.name, { before: last.size, now: size });
    const head = await client.query<{ size: number }>({
      name: 'head-size',
      text: 'select size from head where ledger = $1',
      values: [ledger.id],
    });
    const end = Math.min(head.rows[0]?.size ?? 0, size + integrateEntriesMax);
    const before = last?.size === size ? last : { size, edge: await readEdge(client, ledger.id, size) };
    const tree = end > size ? await grow(client, { ...options, before, end }) : before;
    return {
      tree,
      notes: await unpublished(client, ledger.id),
      reachedHead: end === (head.rows[0]?.size ?? 0),
    };
  });
}

async function lockTree(client: Client, ledger: number): Promise<number> {
  await client.query({
    name: 'tree-row',
    text: "insert into projection (name, ledger) values ('tree', $1) on conflict do nothing",
    values: [ledger],
  });
  const result = await client.query<{ cursor: number }>({
    name: 'lock-tree',
    text: "select cursor from projection where name = 'tree' and ledger = $1 for update",
    values: [ledger],
  });
  return result.rows[0]?.cursor ?? 0;
}

/** The partial tiles that the tree of `size` entries ends with. */
export async function readEdge(client: Client, ledger: number, size: number): Promise<TileEdge> {
  const edge: Uint8Array[] = [];
  for (const tile of edgeTiles(size)) {
    const hashes = tile && (await tileHashes(client, ledger, tile));
    if (tile && !hashes) throw new Error(`tile ${tile.level}/${tile.index} of ledger ${ledger} is missing`);
    edge.push(hashes ?? new Uint8Array(0));
  }
  return edge;
}

async function grow(
  client: Client,
  options: IntegratorOptions & { before: Tree; end: number },
): Promise<Tree> {
  const { ledger, before, end } = options;
  const leafHashes =
    options.leafHashes(before.size, end) ??
    (await readEntryRange(client, ledger.id, { first: before.size, end })).map((entry) => entry.leafHash);
  if (leafHashes.length !== end - before.size) {
    throw new Error(`ledger ${ledger.name} lacks entries between ${before.size} and ${end}`);
  }
  await options.keepLeaves(before.size, leafHashes);
  const growth = growTiles(before, leafHashes, sha256);
  await storeTiles(client, ledger.id, growth.tiles);
  const root = createFrontier(frontierOfEdge(growth.edge, sha256), sha256).root();
  const note = await signNote(formatCheckpoint({ origin: ledger.origin, size: end, root }), [options.signer]);
  await client.query('insert into checkpoint (ledger, size, note) values ($1, $2, $3)', [
    ledger.id,
    end,
    note,
  ]);
  await client.query("update projection set cursor = $2 where name = 'tree' and ledger = $1", [
    ledger.id,
    end,
  ]);
  return { size: end, edge: growth.edge };
}

async function storeTiles(
  client: Client,
  ledger: number,
  tiles: readonly { tile: { level: number; index: number }; bytes: Uint8Array }[],
): Promise<void> {
  const [first] = tiles;
  if (!first) return;
  // On each level only the first tile can be stored already, as a partial one.
  const mayExist = tiles.filter(
    ({ tile }, position) => position === 0 || tiles[position - 1]?.tile.level !== tile.level,
  );
  for (const { tile, bytes } of mayExist) {
    await client.query({
      name: 'store-tile',
      text: `insert into tile (ledger, level, index, hashes) values ($1, $2, $3, $4)
       on conflict (ledger, level, index) do update set hashes = excluded.hashes`,
      values: [ledger, tile.level, tile.index, bytes],
    });
  }
  const fresh = tiles.filter((grownTile) => !mayExist.includes(grownTile));
  for (const { tile, bytes } of fresh) {
    await client.query({
      name: 'insert-tile',
      text: 'insert into tile (ledger, level, index, hashes) values ($1, $2, $3, $4)',
      values: [ledger, tile.level, tile.index, bytes],
    });
  }
}

async function unpublished(client: Client, ledger: number): Promise<{ size: number; note: string }[]> {
  const result = await client.query<{ size: number; note: string }>({
    name: 'unpublished',
    text: 'select size, note from checkpoint where ledger = $1 and not published order by size',
    values: [ledger],
  });
  return result.rows;
}

async function markPublished(options: IntegratorOptions, size: number): Promise<void> {
  const { ledger } = options;
  await options.database.write({ tenant: ledger.tenant, ledgers: [ledger.id] }, (client) =>
    client.query({
      name: 'mark-published',
      text: 'update checkpoint set published = true where ledger = $1 and size = $2',
      values: [ledger.id, size],
    }),
  );
}
