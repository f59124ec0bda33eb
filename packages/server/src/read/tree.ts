import { hash } from 'node:crypto';
import {
  createTileReader,
  encodeEntryBundle,
  formatProofFile,
  formatVerifierKey,
  parseTilePath,
  proveInclusion,
  tileWidthFull,
  type HashTile,
} from '@bitacora/tlog';
import { ledgerFor, requireWhole, rowAccessOf, type Grant } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import {
  keptEntries,
  publishedCheckpoint,
  purgesOf,
  readEntryRange,
  tileHashes,
  type LedgerRow,
  type Purge,
} from '../ledger/index.ts';
import type { Client } from '../storage/index.ts';
import { findEntry, noEvent, reachedView } from './entries.ts';
import type { ReadContext } from './reader.ts';

/**
 * The newest published checkpoint of a ledger, a signed note. @throws not_found, also before the first entry; forbidden
 * without a grant for the whole ledger
 */
export async function checkpoint(grant: Grant, ledgerName: string, context: ReadContext): Promise<string> {
  const ledger = ledgerFor(grant, ledgerName);
  requireWhole(grant);
  return context.database.read(rowAccessOf(grant, [ledger]), async (client) => {
    const published = await publishedCheckpoint(client, ledger.id);
    if (!published) throw new AuditError('not_found', { detail: 'nothing was published yet' });
    return published.note;
  });
}

/** The key that checks the ledger's checkpoints (C2SP vkey). @throws not_found */
export function verifierKey(grant: Grant, ledgerName: string, context: ReadContext): string {
  const signer = context.ledgers.signer(ledgerFor(grant, ledgerName));
  return formatVerifierKey(signer);
}

/** A tile or entry bundle by its C2SP path (`tile/0/x001/067.p/8`). @throws not_found */
export async function tile(
  grant: Grant,
  ledgerName: string,
  path: string,
  context: ReadContext,
): Promise<Buffer> {
  const ledger = ledgerFor(grant, ledgerName);
  requireWhole(grant);
  const wanted = parseTilePath(path);
  if (!wanted) throw new AuditError('not_found', { detail: 'that is no tile path' });
  return context.database.read(rowAccessOf(grant, [ledger]), async (client) => {
    const { level, index, width } = wanted;
    const found =
      level === 'entries'
        ? await bundle(client, ledger, { index, width })
        : await tileHashes(client, ledger.id, { level, index, width });
    if (!found) throw new AuditError('not_found', { detail: 'the tree has no such tile' });
    return found;
  });
}

async function bundle(
  client: Client,
  ledger: LedgerRow,
  tile: { index: number; width: number },
): Promise<Buffer | undefined> {
  const first = tile.index * tileWidthFull;
  const end = first + tile.width;
  const published = await publishedCheckpoint(client, ledger.id);
  if (!published || published.size < end) return undefined;
  const entries = [
    ...(await keptEntries(client, ledger.id, { first, end })),
    ...(await readEntryRange(client, ledger.id, { first, end })),
  ];
  // Of a bundle that was purged nothing is left to show.
  if (entries.length === 0 && end <= (await purgedBelow(client, ledger.id))) return undefined;
  // A gap is shown as it is: the verifier then names the first entry that is missing.
  const whole = entries.findIndex((entry, offset) => entry.index !== first + offset);
  const present = whole < 0 ? entries : entries.slice(0, whole);
  return Buffer.from(encodeEntryBundle(present.map((entry) => Buffer.from(entry.entry))));
}

async function purgedBelow(client: Client, ledger: number): Promise<number> {
  const found = await client.query<{ minimum: number }>({
    name: 'head-minimum',
    text: 'select minimum from head where ledger = $1',
    values: [ledger],
  });
  return found.rows[0]?.minimum ?? 0;
}

/**
 * What retention removed of a ledger: entries before `minimumIndex` are gone, by the purges named, in order of index.
 * @throws not_found; forbidden without a grant for the whole ledger
 */
export async function retention(
  grant: Grant,
  ledgerName: string,
  context: ReadContext,
): Promise<{ minimumIndex: number; purges: Purge[] }> {
  const ledger = ledgerFor(grant, ledgerName);
  requireWhole(grant);
  const { minimum, purges } = await purgesOf(context.database, ledger);
  return { minimumIndex: minimum, purges };
}

/** The inclusion proof of an event as a C2SP tlog-proof file, publishing first what was just appended. @throws not_found */
export async function proof(grant: Grant, id: string, context: ReadContext): Promise<string> {
  const place = await context.database.read(rowAccessOf(grant), async (client) => {
    const found = await findEntry(client, grant, id);
    if (grant.reach.kind !== 'all' && !(await reachedView(client, found, { grant, context })))
      throw noEvent(id);
    return found;
  });
  const scope = rowAccessOf(grant, [place.ledger]);
  const published = await context.database.read(scope, (client) =>
    publishedCheckpoint(client, place.ledger.id),
  );
  if (!published || published.size <= place.index) await context.ledgers.publish(place.ledger);
  return context.database.read(scope, async (client) => {
    const newest = await publishedCheckpoint(client, place.ledger.id);
    if (!newest || newest.size <= place.index) {
      throw new AuditError('not_yet_published', {
        detail: `published up to ${newest?.size ?? 0}, the entry is at ${place.index}`,
        retryAfterSeconds: 1,
      });
    }
    const reader = createTileReader((wanted: HashTile) => tileHashes(client, place.ledger.id, wanted), {
      size: newest.size,
      sha: sha256,
    });
    const hashes = await proveInclusion(place.index, newest.size, reader, sha256);
    return formatProofFile({ index: place.index, proof: hashes, checkpoint: newest.note });
  });
}

function sha256(bytes: Uint8Array): Buffer {
  return Buffer.from(hash('sha256', bytes, 'binary'), 'binary');
}
