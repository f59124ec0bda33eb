import { setTimeout as sleep } from 'node:timers/promises';
import { AuditError } from '../audit-error.ts';
import { sqlState, type Database } from '../storage/index.ts';

/** What the entries of a segment added to one count, as columns of the table `rollup`. */
export interface CountedPart {
  ledger: number;
  bucket: string;
  field: string;
  value: string;
  outcome: string;
  count: number;
}

/** A ledger's part of a segment, and the index of the audit ledger's event that announces its removal. */
export interface NoticedPart {
  ledger: number;
  index: number;
}

const attemptsMax = 20;
const attemptAfterMs = 250;

/**
 * Removes a whole segment in one transaction; false when another server did. Appends to its ledgers and all readers wait
 * only while the partitions are dropped.
 * @throws unavailable when a reader holds a lock for too long, or the counts do not contain the segment
 */
export async function purgeSegment(
  database: Database,
  segment: number,
  { notices, counted }: { notices: readonly NoticedPart[]; counted: readonly CountedPart[] },
): Promise<boolean> {
  const column = <Key extends keyof CountedPart>(key: Key): CountedPart[Key][] =>
    counted.map((row) => row[key]);
  const columns = [column('ledger'), column('bucket'), column('field'), column('value'), column('outcome')];
  for (let attempt = 1; ; attempt++) {
    try {
      return await database.maintain(async (client) => {
        const purged = await client.query<{ purged: boolean }>(
          'select purge_segment($1, $2, $3, $4, $5, $6, $7, $8, $9) as purged',
          [
            segment,
            notices.map(({ ledger }) => ledger),
            notices.map(({ index }) => index),
            ...columns,
            column('count'),
          ],
        );
        return purged.rows[0]?.purged ?? false;
      });
    } catch (cause) {
      // Another transaction holds a lock, or a follower has not read the segment yet: a later attempt can succeed.
      const passes = ['55P03', '55000', '40P01'].includes(sqlState(rootOf(cause)));
      if (!passes || attempt === attemptsMax) throw notNow(segment, cause);
      await sleep(attemptAfterMs);
    }
  }
}

/** The database's own error inside one that the storage room has translated. */
function rootOf(error: unknown): unknown {
  return error instanceof AuditError && error.cause !== undefined ? error.cause : error;
}

function notNow(segment: number, cause: unknown): unknown {
  const text = cause instanceof Error ? cause.message : String(cause);
  const corrupted = sqlState(rootOf(cause)) === 'XX001';
  const advice = corrupted
    ? 'the counts do not hold it: make them anew with bitacora rebuild rollups'
    : 'run it again later';
  return new AuditError('unavailable', {
    detail: `segment ${segment} could not be removed now and stays complete; ${advice}`,
    operatorText: `segment ${segment} could not be purged: ${text}`,
    cause,
  });
}
