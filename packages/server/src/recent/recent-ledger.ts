import type { LedgerRow } from '../ledger/index.ts';
import type { KeyStore, LedgerHead } from '../storage/index.ts';
import type { ActivityLog } from './activity-log.ts';
import { createChunkValues, type ChunkValues } from './chunk-values.ts';
import type { Codec } from './codec.ts';
import type { RecentCounters } from './counters.ts';
import type { EntryMemory } from './entry-memory.ts';
import { extendWindow, packNewest } from './extend-window.ts';
import { heldTerms } from './held-terms.ts';
import { later, type Place, type RecentEntry } from './recent-entry.ts';
import { dayMs, type RecentSettings } from './recent-settings.ts';
import type { RecentSource } from './recent-source.ts';
import { createWindow, fits, type Chunk, type HeldEntry, type Window } from './window.ts';
import type { EarlyState, WindowState } from './window-state.ts';

export interface RecentLedger {
  /**
   * The window as it is at a head or at a later one that is true now; undefined when it is not known here: somebody
   * else answers, and the window is made. @throws Error when the store fails
   */
  current(head: LedgerHead, early?: EarlyState): Promise<Window | undefined>;
  /** Reads the state while the head is being read, where the epoch is known; undefined: not known, or it failed. */
  early(): Promise<EarlyState | undefined>;
  /** Brings the window up to a head, making it where it is not. How many entries were written. */
  follow(head: LedgerHead, options?: { anew?: boolean; days?: number }): Promise<number>;
  /** The entries, from memory or the store; undefined when one is gone. */
  read(entries: readonly HeldEntry[]): Promise<RecentEntry[] | undefined>;
  /** What is known at present, without asking the store. */
  window(): Window | undefined;
}

export interface RecentLedgerOptions {
  ledger: LedgerRow;
  prefix: string;
  store: KeyStore;
  codec: Codec;
  source: RecentSource;
  settings: RecentSettings;
  memory: EntryMemory;
  counters: RecentCounters;
  activity: ActivityLog;
  clock: () => number;
}

/** Beyond, a question does not wait for the window to catch up. */
const tailEntriesMax = 200;
/** New chunks that a question waits for. */
const chunksWaitedForMax = 6;
/** Entries appended in one step. */
const stepEntriesMax = 1_000;
const attemptsMax = 3;

/** One ledger's window: learned from the store, continued from PostgreSQL, made anew when neither is possible. */
export function createRecentLedger(options: RecentLedgerOptions): RecentLedger {
  const { ledger, store, source, settings, counters, activity, clock } = options;
  let window: Window | undefined;
  let values: ChunkValues | undefined;
  let epoch = -1;
  let busy: { work: Promise<unknown>; long: boolean } | undefined;
  /** The store says something that cannot be continued: only a new window replaces it. */
  let lost = false;

  const held = (): Window | undefined => window;
  const valuesOf = (head: LedgerHead): ChunkValues => {
    if (values && epoch === head.epoch) return values;
    epoch = head.epoch;
    window = undefined;
    values = createChunkValues({
      ...options,
      epoch,
      refused: (name) => activity.error(`${name}: the value is not one of this ledger in this epoch`),
    });
    return values;
  };
  const newWindow = (): Window =>
    createWindow({
      indexes: settings.indexes,
      entriesMaxPerKey: settings.entriesMaxPerKey,
      heldMs: settings.days * dayMs,
      termsOf: heldTerms({ ledger, source, settings }),
      isOf: source.isOf,
    });
  const loadState = async (from: ChunkValues): Promise<Buffer | undefined> =>
    (await store.load([from.stateName]))[0];

  /** One change at a time in this process. */
  const exclusive = async <T>(long: boolean, work: () => Promise<T>): Promise<T> => {
    while (busy) await busy.work.catch(() => undefined);
    const running = work();
    busy = { work: running, long };
    try {
      return await running;
    } finally {
      busy = undefined;
    }
  };

  /** Learns a state that somebody wrote; false when its values are not all there. */
  const learn = async (from: ChunkValues, raw: Buffer, chunksMax = Infinity): Promise<boolean> => {
    if (window?.raw.equals(raw)) return true;
    const state = from.readState(raw);
    const rows = state && (await from.directory(state));
    if (!rows) return false;
    const continued = window && rows.some(({ id }) => window?.chunks.has(id)) ? window : newWindow();
    // What expired by itself is too old to be held.
    const since = clock() - settings.days * dayMs;
    const living = rows.filter((row) => row.greatest.at > since || continued.chunks.has(row.id));
    const bottom = rows
      .filter((row) => !living.includes(row))
      .map((row) => row.greatest)
      .reduce<Place | undefined>(later, state.floor ?? undefined);
    const missing = living.filter(({ id }) => !continued.chunks.has(id));
    if (missing.length > chunksMax) return false;
    const loaded = await from.load(missing);
    if (!loaded) return false;
    const chunks = living.map((row): Chunk => {
      const position = missing.indexOf(row);
      const known = continued.chunks.get(row.id);
      return known ?? { ...row, entries: loaded[position] };
    });
    continued.apply({ state: { ...state, floor: bottom ?? null }, raw, chunks });
    for (const chunk of chunks) options.memory.used(chunk);
    window = continued;
    return true;
  };

  const read = async (wanted: readonly HeldEntry[]): Promise<RecentEntry[] | undefined> => {
    const from = values;
    const chunks = new Set(wanted.map(({ chunk }) => chunk));
    const absent = [...chunks].filter((chunk) => !chunk.entries);
    if (absent.length > 0 && from) {
      const loaded = await from.load(absent);
      if (!loaded) {
        // A chunk that left the window meanwhile is missed by nobody else.
        if (absent.every(({ id }) => window?.chunks.has(id))) forget('a chunk is gone');
        return undefined;
      }
      absent.forEach((chunk, position) => (chunk.entries = loaded[position]));
    }
    const found: RecentEntry[] = [];
    for (const { chunk, offset } of wanted) {
      const entry = chunk.entries?.[offset];
      if (!entry) return undefined;
      found.push(entry);
    }
    for (const chunk of chunks) options.memory.used(chunk);
    return found;
  };
  const forget = (why: string): void => {
    if (window) activity.info(`ledger ${ledger.name}: ${why}, the window is made anew`);
    window = undefined;
    lost = true;
  };
  const write = async (
    from: ChunkValues,
    change: {
      expected: Buffer | undefined;
      state: Omit<WindowState, 'directory'>;
      chunks: readonly Chunk[];
      puts: ReadonlyMap<string, Buffer>;
      deletes: readonly string[];
    },
  ): Promise<{ state: WindowState; raw: Buffer } | undefined> => {
    const packed = await from.packState(change.state, change.chunks);
    const done = await store.swap({
      name: from.stateName,
      expected: change.expected,
      puts: new Map([...packed.puts, ...change.puts]),
      deletes: change.deletes,
      ttlMs: settings.days * dayMs,
    });
    return done ? packed : undefined;
  };

  /** Adds the entries up to a head, if they continue what is there. `stale`: somebody was faster. */
  const step = async (from: ChunkValues, head: LedgerHead): Promise<'done' | 'stale' | 'lost'> => {
    const raw = await loadState(from);
    if (!raw || !(await learn(from, raw)) || !window) return 'lost';
    const base = window;
    const { upTo, last } = base.state;
    if (upTo > head.size) {
      // Somebody saw more of the ledger; or the ledger was put back.
      const now = (await source.heads([ledger.id])).get(ledger.id);
      return now && now.size >= upTo ? 'done' : 'lost';
    }
    // More than it holds came meanwhile: what would leave again at once need not be read.
    if (head.size - upTo > settings.entriesMaxPerLedger) return 'lost';
    const end = Math.min(head.size, upTo + stepEntriesMax);
    const tag = end === head.size ? head.tag : 0;
    if (upTo === end && base.state.tag === tag) return 'done';
    const rows = await source.range(ledger, { first: Math.max(0, upTo - 1), end });
    const before = upTo > 0 ? rows.shift() : undefined;
    if ((before?.leafHash ?? '') !== last || rows.length !== end - upTo) return 'lost';
    const next = await extendWindow(
      base,
      rows.map(({ entry }) => entry),
      { from, since: clock() - settings.days * dayMs, entriesMax: settings.entriesMaxPerLedger },
    );
    const state = { upTo: end, tag, last: rows.at(-1)?.leafHash ?? last, floor: next.floor ?? null };
    const deletes = [...next.deletes, from.chunkName(base.state.directory)];
    const written = await write(from, { ...next, expected: raw, state, deletes });
    if (!written) return 'stale';
    base.apply({ ...written, chunks: next.chunks });
    for (const chunk of next.chunks) options.memory.used(chunk);
    counters.stored += rows.length;
    activity.info(`ledger ${ledger.name}: stored ${rows.length} entries, holds all up to ${end}`);
    return end === head.size ? 'done' : 'stale';
  };

  /** Makes the window from PostgreSQL. */
  const fill = async (from: ChunkValues, head: LedgerHead, days: number): Promise<number> => {
    const expected = await loadState(from);
    const [lastEntry] =
      head.size === 0 ? [] : await source.range(ledger, { first: head.size - 1, end: head.size });
    if (head.size > 0 && !lastEntry) return 0;
    const { chunks, puts, count, floor } = await packNewest(ledger, {
      from,
      source,
      wanted: { size: head.size, limit: settings.entriesMaxPerLedger, since: clock() - days * dayMs },
    });
    const state = {
      upTo: head.size,
      tag: head.tag,
      last: lastEntry?.leafHash ?? '',
      floor: floor ?? null,
    };
    const written = await write(from, { expected, state, chunks, puts, deletes: [] });
    counters.fills++;
    if (!written) return 0;
    const made = newWindow();
    made.apply({ ...written, chunks });
    for (const chunk of chunks) options.memory.used(chunk);
    window = made;
    lost = false;
    counters.stored += count;
    const what = floor ? 'the newest' : 'all';
    activity.info(`ledger ${ledger.name}: filled with ${what} ${count} entries below ${head.size}`);
    return count;
  };

  const follow: RecentLedger['follow'] = (head, { anew = false, days = settings.days } = {}) =>
    exclusive(true, async () => {
      const from = valuesOf(head);
      const before = counters.stored;
      if (!anew && !lost) {
        // Steps that somebody else makes count, too: only standing still does not.
        for (let stale = 0; stale < attemptsMax;) {
          const upTo = window?.state.upTo ?? -1;
          const result = await step(from, head);
          if (result === 'done') return counters.stored - before;
          if (result === 'lost') break;
          stale = (window?.state.upTo ?? -1) > upTo ? 0 : stale + 1;
        }
      }
      return fill(from, head, days);
    });

  return {
    window: held,
    read,
    follow,
    async early() {
      const [from, of] = [values, epoch];
      if (!from) return undefined;
      return loadState(from).then(
        (raw) => ({ epoch: of, raw }),
        () => undefined,
      );
    },
    async current(head, early) {
      const from = valuesOf(head);
      if (lost) return undefined;
      for (let attempt = 0; attempt < attemptsMax; attempt++) {
        if (busy?.long && !fits(held(), head)) return undefined;
        const known = attempt === 0 && early?.epoch === head.epoch ? early : undefined;
        const raw = known ? known.raw : await loadState(from);
        if (!raw || epoch !== head.epoch) return undefined;
        if (!held()?.raw.equals(raw)) {
          if (busy?.long) return undefined;
          if (!(await exclusive(false, () => learn(from, raw, chunksWaitedForMax)))) return undefined;
        }
        const learned = held();
        if (!learned || fits(learned, head)) return learned;
        const behind = head.size - learned.state.upTo;
        if (behind > tailEntriesMax || behind < 0) return undefined;
        const result = await exclusive(false, () => step(from, head));
        if (result === 'lost') {
          lost = true;
          return undefined;
        }
        const after = held();
        if (result === 'done' && fits(after, head)) return after;
      }
      return undefined;
    },
  };
}
