import { sqlState, type Client, type Database } from '../storage/index.ts';

export interface Segments {
  /**
   * Number of the open segment of a retention class, locked against closing until the transaction ends.
   * Opens the first one when there is none.
   */
  current(client: Client, retentionClass: number): Promise<number>;
  /**
   * Closes segments that are full or old, opens their successors, and updates the statistics of large ones; returns the
   * numbers closed.
   */
  rotate(): Promise<number[]>;
}

export interface SegmentLimits {
  entriesMax: number;
  ageMaxMs: number;
}

/**
 * Appends hold this lock shared, closing takes it alone. It ends with its transaction, so it works behind a transaction
 * pooler.
 */
const lockSpace = 7203;

/**
 * A segment is analyzed when it has `analyzeFrom` entries, and again each time it has grown by the factor `analyzeGrowth`.
 * Autovacuum may take a minute. Until then PostgreSQL assumes that one ledger is a small part of the segment, and reads all
 * of it to find the ids of a batch (350 instead of 40 µs an event, importing 120,000).
 */
const analyzeFrom = 1_000;
const analyzeGrowth = 4;

/**
 * Opens and closes segments. An append never waits for the maintenance login once a segment is open: if closing fails,
 * the open segment grows past its limit.
 */
export function createSegments(options: { database: Database; limits: SegmentLimits }): Segments {
  const { database, limits } = options;
  const analyzeGrown = createAnalyzer(database);
  return {
    async current(client, retentionClass) {
      await lockShared(client, retentionClass);
      const number = await selectOpen(client, retentionClass);
      if (number !== undefined) return number;
      // Nobody has written in this class yet. The transaction must release its shared lock before the maintenance login can
      // open a segment.
      throw new NoOpenSegment(retentionClass, () => openFirst(database, retentionClass));
    },
    async rotate() {
      const closed: number[] = [];
      const open = await openSegments(database);
      for (const segment of open) {
        const { entries, ageMs, number } = segment;
        const isDue = entries >= limits.entriesMax || (entries > 0 && ageMs >= limits.ageMaxMs);
        if (isDue && (await closeSegment(database, segment))) closed.push(number);
      }
      // After closing, so that a failure here keeps no segment open.
      await analyzeGrown(open);
      return closed;
    },
  };
}

/** Makes the function that keeps the statistics of open segments up to date, as `analyzeFrom` and `analyzeGrowth` say. */
function createAnalyzer(database: Database): (segments: readonly OpenSegment[]) => Promise<void> {
  /** Entries that each open segment had when this process analyzed it last. */
  let analyzed = new Map<number, number>();
  return async (segments) => {
    analyzed = new Map(
      [...analyzed].filter(([number]) => segments.some((segment) => segment.number === number)),
    );
    for (const { number, entries } of segments) {
      if (entries < Math.max(analyzeFrom, (analyzed.get(number) ?? 0) * analyzeGrowth)) continue;
      await database.maintain((client) => client.query('select analyze_segment($1)', [number]));
      analyzed.set(number, entries);
    }
  };
}

/** This is a separate statement, so that the next statement sees what was committed while this one waited. */
async function lockShared(client: Client, retentionClass: number): Promise<void> {
  await client.query({
    name: 'lock-segments',
    text: 'select pg_advisory_xact_lock_shared($1, $2)',
    values: [lockSpace, retentionClass],
  });
}

async function lockAlone(client: Client, retentionClass: number): Promise<void> {
  await client.query('select pg_advisory_xact_lock($1, $2)', [lockSpace, retentionClass]);
}

async function selectOpen(client: Client, retentionClass: number): Promise<number | undefined> {
  const result = await client.query<{ number: number }>({
    name: 'open-segment',
    text: "select number from segment where retention_class = $1 and state = 'open'",
    values: [retentionClass],
  });
  return result.rows[0]?.number;
}

async function openFirst(database: Database, retentionClass: number): Promise<void> {
  await database.maintain(async (client) => {
    await lockAlone(client, retentionClass);
    const result = await client.query("select 1 from segment where retention_class = $1 and state = 'open'", [
      retentionClass,
    ]);
    if (result.rowCount === 0) await openNext(client, retentionClass);
  });
}

/** Closes a segment and opens the next one; false when another server did, or appends hold the lock for too long. */
async function closeSegment(database: Database, segment: OpenSegment): Promise<boolean> {
  return database
    .maintain(async (client) => {
      await lockAlone(client, segment.retentionClass);
      const closed = await client.query(
        "update segment set state = 'closed', closed_at = now() where number = $1 and state = 'open'",
        [segment.number],
      );
      if (closed.rowCount === 1) await openNext(client, segment.retentionClass);
      return closed.rowCount === 1;
    })
    .catch((error: unknown) => {
      if (sqlState(error) === '55P03') return false;
      throw error;
    });
}

/** Thrown so that the writer rolls back, opens a segment and tries again. */
export class NoOpenSegment extends Error {
  readonly open: () => Promise<void>;

  constructor(retentionClass: number, open: () => Promise<void>) {
    super(`no open segment in retention class ${retentionClass}`);
    this.open = open;
  }
}

interface OpenSegment {
  number: number;
  retentionClass: number;
  entries: number;
  ageMs: number;
}

async function openSegments(database: Database): Promise<OpenSegment[]> {
  return database.maintain(async (client) => {
    const result = await client.query<OpenSegment>(
      `select s.number, s.retention_class as "retentionClass", coalesce(segment_entries(s.number), 0)::bigint as entries,
         (extract(epoch from now() - s.opened_at) * 1000)::float8 as "ageMs"
       from segment s where s.state = 'open'`,
    );
    return result.rows;
  });
}

async function openNext(client: Client, retentionClass: number): Promise<void> {
  // Numbers come from the table and not from a sequence: this lock keeps two classes from taking the same one.
  await client.query('select pg_advisory_xact_lock($1, -1)', [lockSpace]);
  await client.query(
    'select open_segment($1::smallint, (select coalesce(max(number), 0) + 1 from segment))',
    [retentionClass],
  );
}
