import { createTileReader, equalBytes, rootFromTiles, tileWidthFull, type Signer } from '@bitacora/tlog';
import type { Client, Database } from '../storage/index.ts';
import { publishedCheckpoint, readOwnCheckpoint, type CheckpointFile } from './checkpoints.ts';
import { readEntryRange } from './read-entries.ts';
import type { LedgerRow } from './sealed-event.ts';
import { sha256 } from './sha256.ts';
import { tileHashes } from './tiles.ts';

interface Comparison {
  ledger: LedgerRow;
  signer: Signer;
  database: Database;
  file: CheckpointFile;
}

/**
 * Compares the database with the newest checkpoint in the file outside it, and the tables of the ledger with each other.
 * Returns what is wrong when something was cut off or put back, else undefined. A ledger with a problem is read-only: a new
 * entry would get an index that another one had, and a new checkpoint would contradict the published one.
 */
export async function findRollback({
  ledger,
  signer,
  database,
  file,
}: Comparison): Promise<string | undefined> {
  const last = await file.last(ledger.name);
  const { problem, published } = await database.read(
    { tenant: ledger.tenant, ledgers: [ledger.id] },
    async (client) => ({
      problem: await compare(client, ledger, last),
      published: await publishedCheckpoint(client, ledger.id),
    }),
  );
  if (problem !== undefined) return `rollback detected in ledger ${ledger.name}: ${problem}`;
  if (!published || published.size <= (last?.size ?? 0)) return undefined;
  // The file lacks what another server published. From now on it protects that as well. A note that this installation did not
  // sign protects nothing.
  if (readOwnCheckpoint(published.note, { ledger, signer })) await file.append(ledger.name, published.note);
  return undefined;
}

interface KeptCheckpoint {
  size: number;
  root: Uint8Array;
}

async function compare(
  client: Client,
  ledger: LedgerRow,
  last: KeptCheckpoint | undefined,
): Promise<string | undefined> {
  const extents = await readExtents(client, ledger, last?.size ?? 0);
  if (last !== undefined && last.size > 0) {
    const found = Math.min(extents.head, extents.rows, extents.tree);
    if (found < last.size) return `published size ${last.size}, found ${found}`;
    if (!extents.hasKept) return `the checkpoint of size ${last.size} was published and is gone`;
    const problem = (await compareRoot(client, ledger, last)) ?? (await compareTail(client, ledger, last));
    if (problem !== undefined) return problem;
  }
  const { head, rows, tree, signed } = extents;
  // A checkpoint is stored in the transaction in which the tree grows.
  const agree = rows === head && tree <= head && signed === tree;
  return agree
    ? undefined
    : `its tables disagree: size ${head}, entries up to ${rows}, tree ${tree}, checkpoint ${signed}`;
}

/** How far each table of a ledger reaches, as a number of entries. */
interface Extents {
  head: number;
  rows: number;
  tree: number;
  signed: number;
  /** Whether the checkpoint that the file ends with is in the database. */
  hasKept: boolean;
}

async function readExtents(client: Client, ledger: LedgerRow, keptSize: number): Promise<Extents> {
  const result = await client.query<Extents>({
    name: 'ledger-extents',
    text: `select h.size as head,
       coalesce((select cursor from projection where name = 'tree' and ledger = h.ledger), 0) as tree,
       coalesce((select max(size) from checkpoint where ledger = h.ledger), 0) as signed,
       exists (select 1 from checkpoint where ledger = h.ledger and size = $2) as "hasKept",
       coalesce((select max(b.first_index + b.count) from
         (select r.segment, g.retention_class from segment_range r join segment g on g.number = r.segment
          where r.ledger = h.ledger order by r.end_index desc limit 1) s
         join bundle b on b.retention_class = s.retention_class and b.segment = s.segment and b.ledger = h.ledger), h.minimum) as rows
     from head h where h.ledger = $1`,
    values: [ledger.id, keptSize],
  });
  return result.rows[0] ?? { head: 0, rows: 0, tree: 0, signed: 0, hasKept: false };
}

async function compareRoot(
  client: Client,
  ledger: LedgerRow,
  last: KeptCheckpoint,
): Promise<string | undefined> {
  const reader = createTileReader(async (tile) => tileHashes(client, ledger.id, tile), {
    size: last.size,
    sha: sha256,
  });
  const root = await rootFromTiles(last.size, reader, sha256).catch(() => undefined);
  if (root && equalBytes(root, last.root)) return undefined;
  return `at size ${last.size} the published root is ${shown(last.root)}, found ${shown(root)}`;
}

/** Compares the newest entries, at most 256, with the tile that holds their leaf hashes. */
async function compareTail(
  client: Client,
  ledger: LedgerRow,
  { size }: KeptCheckpoint,
): Promise<string | undefined> {
  const index = Math.floor((size - 1) / tileWidthFull);
  const first = index * tileWidthFull;
  const hashes = await tileHashes(client, ledger.id, { level: 0, index, width: size - first });
  const minimum = await client.query<{ minimum: number }>({
    name: 'head-minimum',
    text: 'select minimum from head where ledger = $1',
    values: [ledger.id],
  });
  const from = Math.max(first, minimum.rows[0]?.minimum ?? 0);
  const entries = await readEntryRange(client, ledger.id, { first: from, end: size });
  for (let at = from; at < size; at++) {
    const leaf = entries[at - from]?.leafHash;
    const expected = hashes?.subarray((at - first) * 32, (at - first + 1) * 32);
    if (!leaf || !expected || !equalBytes(leaf, expected))
      return `entry ${at}, below the published size ${size}, is missing or another one`;
  }
  return undefined;
}

function shown(bytes: Uint8Array | undefined): string {
  return bytes ? Buffer.from(bytes).toString('base64') : 'none';
}
