import { sqlState, type Client, type Database } from '../storage/index.ts';

export interface Segments {
  /**
   * Number of the open segment of a retention class, locked against closing until the transaction ends.
   * Opens the first one when there is none.
   */
  current(client: Client, retentionClass: number): Promise<number>;
  /** Closes segments that are full or old and opens their successors, and keeps statistics of all that were open; the numbers closed. */
  rotate(): Promise<number[]>;
}

export interface SegmentLimits {
  entriesMax: number;
  ageMaxMs: number;
}

/** Appends hold it shared, closing takes it alone; of the transaction, so it is safe behind a transaction pooler. */
const lockSpace = 7203;

/**
 * A segment gets statistics when it has this many entries, and again each time it has grown so many times. Autovacuum
 * may take a minute: until then PostgreSQL takes one ledger for a small part of a segment, and reads all of it to find
 * the ids of a batch (350 instead of 40 µs an event, importing 120,000).
 */
const analyzeFrom = 1_000;
const analyzeGrowth = 4;

/**
 * Opens and closes segments. An append never waits for the maintenance login once a segment is open: if closing fails,
 * the open segment simply carries on past its size.
 */
export function createSegments(options: { database: Database; limits: SegmentLimits }): Segments {
  const { database, limits } = options;
  const open = async (retentionClass: number): Promise<void> => {
    await database.maintain(async (client) => {
      await client.query('select pg_advisory_xact_lock($1, $2)', [lockSpace, retentionClass]);
      const result = await client.query(
        "select 1 from segment where retention_class = $1 and state = 'open'",
        [retentionClass],
      );
      if (result.rowCount === 0) await openNext(client, retentionClass);
    });
  };
  const close = async (segment: OpenSegment): Promise<boolean> =>
    database
      .maintain(async (client) => {
        await client.query('select pg_advisory_xact_lock($1, $2)', [lockSpace, segment.retentionClass]);
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
  /** Entries that each open segment had when it was last analyzed here. */
  let analyzed = new Map<number, number>();
  const analyzeGrown = async ({ number, entries }: OpenSegment): Promise<void> => {
    if (entries < Math.max(analyzeFrom, (analyzed.get(number) ?? 0) * analyzeGrowth)) return;
    await database.maintain((client) => client.query('select analyze_segment($1)', [number]));
    analyzed.set(number, entries);
  };
  return {
    async current(client, retentionClass) {
      // A statement of its own: the next one must see what was committed while it waited.
      await client.query({
        name: 'lock-segments',
        text: 'select pg_advisory_xact_lock_shared($1, $2)',
        values: [lockSpace, retentionClass],
      });
      const result = await client.query<{ number: number }>({
        name: 'open-segment',
        text: "select number from segment where retention_class = $1 and state = 'open'",
        values: [retentionClass],
      });
      const number = result.rows[0]?.number;
      if (number !== undefined) return number;
      // Nobody has written in this class yet; the shared lock must go before the maintenance login can open a segment.
      throw new NoOpenSegment(retentionClass, () => open(retentionClass));
    },
    async rotate() {
      const closed: number[] = [];
      const open = await openSegments(database);
      analyzed = new Map(
        [...analyzed].filter(([number]) => open.some((segment) => segment.number === number)),
      );
      for (const segment of open) {
        const { entries, ageMs, number } = segment;
        const isDue = entries >= limits.entriesMax || (entries > 0 && ageMs >= limits.ageMaxMs);
        if (isDue && (await close(segment))) closed.push(number);
      }
      // Last: where it fails, nothing stays open for it.
      for (const segment of open) await analyzeGrown(segment);
      return closed;
    },
  };
}

/** Tells the writer to roll back, open a segment and try again. */
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
  // Numbers are the catalogue's own, not a sequence's: two classes may race for one, and the primary key decides.
  await client.query('select pg_advisory_xact_lock($1, -1)', [lockSpace]);
  await client.query(
    'select open_segment($1::smallint, (select coalesce(max(number), 0) + 1 from segment))',
    [retentionClass],
  );
}
