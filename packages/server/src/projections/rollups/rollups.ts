import type { OpenEvent } from '@bitacora/event';
import type { FollowedEntry, LedgerRow, Ledgers } from '../../ledger/index.ts';
import type { Client } from '../../storage/index.ts';
import type { Projection } from '../projection.ts';

/** Fields counted per 15 minutes; `''` counts all entries. */
export const bucketFields = ['', 'action', 'operation', 'level', 'module', 'target.type'] as const;
/** Fields counted over all time, too: facets without a time range need these totals. */
export const totalFields = [...bucketFields, 'actor', 'outcome'] as const;
export const bucketMs = 15 * 60_000;
/** The bucket that counts all time. */
export const allTime = '-infinity';

const projectEntriesMax = 5_000;

/** Counts of declared fields, per outcome. Values longer than 120 letters are not counted, as in the index. */
export function createRollups(ledgers: Ledgers): Projection {
  return {
    name: 'rollups',
    next: (cursor, size) => Math.min(size, cursor + projectEntriesMax),
    async project(client, ledger, range) {
      const entries = await ledgers.follow(client, ledger, range);
      if (entries.length !== range.end - range.first)
        throw new Error(`ledger ${ledger.name} lacks entries from ${range.first}`);
      await add(client, ledger, countEntries(entries));
    },
    async reset(client, ledger) {
      await client.query('delete from rollup where ledger = $1', [ledger.id]);
    },
  };
}

export interface RollupCount {
  bucket: string;
  field: string;
  value: string;
  outcome: string;
  count: number;
}

/** The counts that entries add. */
export function countEntries(entries: readonly Pick<FollowedEntry, 'at' | 'open'>[]): RollupCount[] {
  const counts = new Map<string, RollupCount>();
  const add = (bucket: string, field: string, value: string, outcome: string): void => {
    const key = `${bucket}\0${field}\0${value}\0${outcome}`;
    const existing = counts.get(key);
    if (existing) existing.count++;
    else counts.set(key, { bucket, field, value, outcome, count: 1 });
  };
  for (const { at, open } of entries) {
    const bucket = new Date(Math.floor(at / bucketMs) * bucketMs).toISOString();
    const outcome = open.outcome ?? 'success';
    for (const field of totalFields) {
      for (const value of valuesOf(open, field)) {
        add(allTime, field, value, outcome);
        if ((bucketFields as readonly string[]).includes(field)) add(bucket, field, value, outcome);
      }
    }
  }
  return [...counts.values()];
}

function valuesOf(event: OpenEvent, field: (typeof totalFields)[number]): readonly string[] {
  const listOf = (value: string | undefined): string[] =>
    value === undefined || value.length > 120 ? [] : [value];
  switch (field) {
    case '':
      return [''];
    case 'actor':
      return listOf(event.actor.id);
    case 'target.type':
      return [...new Set(event.targets?.map((target) => target.type))];
    default:
      return listOf(event[field]);
  }
}

async function add(client: Client, ledger: LedgerRow, counts: readonly RollupCount[]): Promise<void> {
  const column = <Key extends keyof RollupCount>(key: Key): RollupCount[Key][] =>
    counts.map((count) => count[key]);
  await client.query({
    name: 'add-rollups',
    text: `insert into rollup as r (ledger, bucket, field, value, outcome, count)
     select $1, * from unnest($2::timestamptz[], $3::text[], $4::text[], $5::text[], $6::bigint[])
     on conflict (ledger, field, bucket, value, outcome) do update set count = r.count + excluded.count`,
    values: [
      ledger.id,
      column('bucket'),
      column('field'),
      column('value'),
      column('outcome'),
      column('count'),
    ],
  });
}
