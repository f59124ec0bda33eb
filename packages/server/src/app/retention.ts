import type { PurgedSegment, Retention } from '../routes/index.ts';
import type { Grant, Ledger, Tenants } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import type { Ingest } from '../ingest/index.ts';
import {
  dueSegments,
  entriesOfPart,
  purgeSegment,
  reportPurges,
  type CountedPart,
  type DueSegment,
  type Ledgers,
  type Purge,
  type SegmentPart,
} from '../ledger/index.ts';
import { catchUp, countEntries, type Projection } from '../projections/index.ts';
import type { Database } from '../storage/index.ts';
import { reportAct } from '../ingest/index.ts';

export interface RetentionOptions {
  database: Database;
  tenants: Tenants;
  ledgers: Ledgers;
  ingest: Ingest;
  /** The projections that must have counted an entry before it is removed. */
  projections: readonly Projection[];
  /** Names this process in leases. */
  holder: string;
}

/** An event lists at most this many ledgers. */
const namedMax = 100;

/** Removes entries that are older than the period of their ledger, one segment after the other. */
export function createRetention(options: RetentionOptions): Retention {
  const { database, tenants } = options;
  return {
    async run(grant, { dryRun }) {
      const all = await tenants.allLedgers();
      const byId = new Map(all.map((ledger) => [ledger.id, ledger]));
      const named = ({ parts, ...segment }: DueSegment): PurgedSegment => ({
        ...segment,
        parts: parts.flatMap(({ ledger: id, ...part }) => {
          const ledger = byId.get(id);
          return ledger ? [{ ...part, ledger }] : [];
        }),
      });
      const due = (await dueSegments(database, all)).map(named);
      if (dryRun) return due;
      const purged: PurgedSegment[] = [];
      const failures = new Map<number, unknown>();
      for (const segment of due) {
        // Segments of the same period are removed in order. A failure stops only the segments of that period.
        if (failures.has(segment.retentionClass)) continue;
        try {
          if (await purge(segment, options)) purged.push(segment);
        } catch (error) {
          failures.set(segment.retentionClass, error);
        }
      }
      // This also reports segments that an earlier process removed before it was stopped.
      await reportPurges(database, all, (purges) => report(grant, purges, { ...options, byId }));
      for (const failure of failures.values()) throw failure;
      return purged;
    },
  };
}

async function purge({ number, parts }: PurgedSegment, options: RetentionOptions): Promise<boolean> {
  const counted: CountedPart[] = [];
  for (const { ledger, ...part } of parts) {
    if ((await options.ledgers.publish(ledger)) < part.endIndex) {
      throw new AuditError('unavailable', {
        detail: `ledger ${ledger.name} is not published up to ${part.endIndex}`,
      });
    }
    for (const projection of options.projections) await catchUp([ledger], { ...options, projection });
    counted.push(...(await countsOf(ledger, part, options.database)));
  }
  return purgeSegment(options.database, number, counted);
}

/** The counts of the entries of a part. */
async function countsOf(
  ledger: Ledger,
  part: Omit<SegmentPart, 'ledger'>,
  database: Database,
): Promise<CountedPart[]> {
  const counts = new Map<string, CountedPart>();
  for await (const entries of entriesOfPart(database, ledger, { ...part, ledger: ledger.id })) {
    for (const added of countEntries(entries)) {
      const key = `${added.bucket}\0${added.field}\0${added.value}\0${added.outcome}`;
      const existing = counts.get(key);
      if (existing) existing.count += added.count;
      else counts.set(key, { ...added, ledger: ledger.id });
    }
  }
  return [...counts.values()];
}

/** Stores an event for each tenant with what was removed. */
async function report(
  grant: Pick<Grant, 'caller' | 'tenant'>,
  purges: readonly Purge[],
  { byId, tenants, ingest }: RetentionOptions & { byId: ReadonlyMap<number, Ledger> },
): Promise<void> {
  const ofTenants = new Map((await tenants.list()).map((tenant) => [tenant.id, tenant]));
  for (const [id, ofTenant] of Map.groupBy(purges, ({ ledger }) => byId.get(ledger)?.tenant)) {
    const tenant = id === undefined ? undefined : ofTenants.get(id);
    if (!tenant) continue;
    const ledgers = [...Map.groupBy(ofTenant, ({ ledger }) => byId.get(ledger)?.name ?? '')].slice(
      0,
      namedMax,
    );
    await reportAct(
      grant,
      {
        action: 'retention.run',
        operation: 'delete',
        targets: ledgers.map(([name]) => ({ type: 'ledger', id: name })),
        attributes: {
          entries: ofTenant.reduce((sum, { firstIndex, endIndex }) => sum + endIndex - firstIndex, 0),
          ledgers: ledgers.map(([ledger, ranges]) => {
            const firstIndex = ranges[0]?.firstIndex ?? 0;
            const endIndex = ranges.at(-1)?.endIndex ?? 0;
            return { ledger, firstIndex, endIndex, entries: endIndex - firstIndex, segments: ranges.length };
          }),
        },
        tenant,
      },
      { tenants, ingest },
    );
  }
}
