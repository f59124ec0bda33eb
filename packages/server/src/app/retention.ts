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
  /** Those that must have counted an entry before it goes. */
  projections: readonly Projection[];
  /** Names this process in leases. */
  holder: string;
}

/** Ledgers named in one event. */
const namedMax = 100;

/** Retention: what is older than its ledger's period goes, a segment at a time. */
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
        // The segments of a period go in order; what holds up one period holds up no other.
        if (failures.has(segment.retentionClass)) continue;
        try {
          if (await purge(segment, options)) purged.push(segment);
        } catch (error) {
          failures.set(segment.retentionClass, error);
        }
      }
      // Also what a predecessor removed that was stopped before it could tell.
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

/** What the entries of a part added to the counts. */
async function countsOf(
  ledger: Ledger,
  part: Omit<SegmentPart, 'ledger'>,
  database: Database,
): Promise<CountedPart[]> {
  const counts = new Map<string, CountedPart>();
  for await (const entries of entriesOfPart(database, ledger, { ...part, ledger: ledger.id })) {
    for (const one of countEntries(entries)) {
      const key = `${one.bucket}\0${one.field}\0${one.value}\0${one.outcome}`;
      const known = counts.get(key);
      if (known) known.count += one.count;
      else counts.set(key, { ...one, ledger: ledger.id });
    }
  }
  return [...counts.values()];
}

/** One event for each tenant of what was removed. */
async function report(
  grant: Pick<Grant, 'caller' | 'tenant'>,
  purges: readonly Purge[],
  { byId, tenants, ingest }: RetentionOptions & { byId: ReadonlyMap<number, Ledger> },
): Promise<void> {
  const ofTenants = new Map((await tenants.list()).map((tenant) => [tenant.id, tenant]));
  for (const [id, own] of Map.groupBy(purges, ({ ledger }) => byId.get(ledger)?.tenant)) {
    const tenant = id === undefined ? undefined : ofTenants.get(id);
    if (!tenant) continue;
    const ledgers = [...Map.groupBy(own, ({ ledger }) => byId.get(ledger)?.name ?? '')].slice(0, namedMax);
    await reportAct(
      grant,
      {
        action: 'retention.run',
        operation: 'delete',
        targets: ledgers.map(([name]) => ({ type: 'ledger', id: name })),
        attributes: {
          entries: own.reduce((sum, { firstIndex, endIndex }) => sum + endIndex - firstIndex, 0),
          ledgers: ledgers.map(([ledger, ranges]) => {
            const [firstIndex, endIndex] = [ranges[0]?.firstIndex ?? 0, ranges.at(-1)?.endIndex ?? 0];
            return { ledger, firstIndex, endIndex, entries: endIndex - firstIndex, segments: ranges.length };
          }),
        },
        tenant,
      },
      { tenants, ingest },
    );
  }
}
