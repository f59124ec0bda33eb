import { encodeEntryBundle, formatVerifierKey, parseTilePath, tileWidthFull } from '@bitacora/tlog';
import { ledgerFor, requireWhole, rowAccessOf, type Grant } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import {
  keptEntries,
  publishedCheckpoint,
  proveEntry,
  proveIndex,
  purgesOf,
  readEntryRange,
  tileHashes,
  type LedgerRow,
  type ProvedEntry,
  type Purge,
} from '../ledger/index.ts';
import type { Client } from '../storage/index.ts';
import { findEntry } from './entries.ts';
import type { ReadContext } from './reader.ts';

/**
 * The newest published checkpoint of a ledger, a signed note. @throws not_found, also while no checkpoint is published; forbidden
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
  if (!wanted) throw new AuditError('not_found', { detail: 'this is not the path of a tile' });
  return context.database.read(rowAccessOf(grant, [ledger]), async (client) => {
    const { level, index, width } = wanted;
    const bytes =
      level === 'entries'
        ? await bundle(client, ledger, { index, width })
        : await tileHashes(client, ledger.id, { level, index, width });
    if (!bytes) throw new AuditError('not_found', { detail: 'the tree has no such tile' });
    return bytes;
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
  // Nothing is left of a bundle whose entries were all purged.
  if (entries.length === 0 && end <= (await purgedBelow(client, ledger.id))) return undefined;
  // The bundle ends before the first gap, so that the verifier names the first entry that is missing.
  const gap = entries.findIndex((entry, offset) => entry.index !== first + offset);
  const present = gap < 0 ? entries : entries.slice(0, gap);
  return Buffer.from(encodeEntryBundle(present.map((entry) => Buffer.from(entry.entry))));
}

async function purgedBelow(client: Client, ledger: number): Promise<number> {
  const head = await client.query<{ minimum: number }>({
    name: 'head-minimum',
    text: 'select minimum from head where ledger = $1',
    values: [ledger],
  });
  return head.rows[0]?.minimum ?? 0;
}

/**
 * The index that the ledger's own table has for each of these ids; the table proves nothing, and `bitacora verify` compares it
 * with the entries. @throws not_found; forbidden without a grant for the whole ledger
 */
export function indexesOf(
  grant: Grant,
  { ledger, ids }: { ledger: string; ids: readonly string[] },
  context: ReadContext,
): Promise<ReadonlyMap<string, number>> {
  requireWhole(grant);
  return context.ledgers.storedIds(ledgerFor(grant, ledger), ids);
}

/** A purge with the signed event that announced it; null: no event did, or it is gone. */
export type StatedPurge = Purge & { readonly notice: ProvedEntry | null };

export interface StatedRetention {
  readonly minimumIndex: number;
  /** The ledger that holds the events. */
  readonly auditLedger: string;
  /** The event that states the ledger's period; null: none does. */
  readonly period: ProvedEntry | null;
  readonly purges: readonly StatedPurge[];
}

/**
 * The purges of a ledger, in order of index, with the evidence that they were allowed. Retention has removed the entries
 * before `minimumIndex`. @throws not_found; forbidden without a grant for the whole ledger
 */
export async function retention(
  grant: Grant,
  ledgerName: string,
  /** `audit` is the tenant's audit ledger. */
  { audit, context }: { audit: LedgerRow; context: ReadContext },
): Promise<StatedRetention> {
  const ledger = ledgerFor(grant, ledgerName);
  requireWhole(grant);
  const { minimum, purges } = await purgesOf(context.database, ledger);
  const rowAccess = { tenant: audit.tenant, ledgers: [audit.id] };
  return context.database.read(rowAccess, async (client) => {
    const proved = async (index: number | null): Promise<ProvedEntry | null> =>
      index === null ? null : ((await proveEntry(client, audit, index)) ?? null);
    const stated: StatedPurge[] = [];
    for (const purge of purges) stated.push({ ...purge, notice: await proved(purge.noticeIndex) });
    return {
      minimumIndex: minimum,
      auditLedger: audit.name,
      period: purges.length === 0 ? null : await proved(ledger.recordIndex),
      purges: stated,
    };
  });
}

/**
 * The inclusion proof of an event as a C2SP tlog-proof file. An event that is not published yet is published first.
 * @throws not_found, not_yet_published
 */
export async function proof(grant: Grant, id: string, context: ReadContext): Promise<string> {
  const { place } = await context.database.read(rowAccessOf(grant), (client) =>
    findEntry(client, id, { grant, context }),
  );
  const scope = rowAccessOf(grant, [place.ledger]);
  const published = await context.database.read(scope, (client) =>
    publishedCheckpoint(client, place.ledger.id),
  );
  if (!published || published.size <= place.index) await context.ledgers.publish(place.ledger);
  return context.database.read(scope, async (client) => {
    const proved = await proveIndex(client, place.ledger, place.index);
    if (proved !== undefined) return proved;
    const newest = await publishedCheckpoint(client, place.ledger.id);
    throw new AuditError('not_yet_published', {
      detail: `published up to ${newest?.size ?? 0}, the entry is at ${place.index}`,
      retryAfterSeconds: 1,
    });
  });
}
