import type { LedgerRow } from '../ledger/index.ts';
import type { KeyStore, LedgerHead } from '../storage/index.ts';
import type { ActivityLog } from './activity-log.ts';
import { createCircuitBreaker, StoreUnavailable } from './circuit-breaker.ts';
import { createCodec } from './codec.ts';
import { createCounters, type RecentCounters } from './counters.ts';
import { createEntryMemory } from './entry-memory.ts';
import { createRecentLedger, type RecentLedger } from './recent-ledger.ts';
import type { RecentSettings } from './recent-settings.ts';
import type { RecentSource } from './recent-source.ts';
import type { Window } from './window.ts';
import type { EarlyState } from './window-state.ts';

export interface Recent {
  readonly settings: RecentSettings;
  readonly counters: Readonly<RecentCounters>;
  heads: RecentSource['heads'];
  /** What is held of a ledger at a head or later, with what reads its entries; undefined: ask PostgreSQL. Never throws. */
  open(ledger: LedgerRow, head: LedgerHead, early?: EarlyState): Promise<OpenRecent | undefined>;
  /** What can be read of a ledger beside its head, at the same time. Never throws. */
  early(ledger: LedgerRow): Promise<EarlyState | undefined>;
  /** A page was answered from it, or could not be. */
  counted(outcome: 'hit' | 'miss'): void;
  /** Told that this process appended so many entries to a ledger. Returns at once. */
  appended(ledger: LedgerRow, count: number): void;
  /** Told how many entries a ledger has; to be called every fraction of a second. Returns at once. */
  grown(ledger: LedgerRow, size: number): void;
  /** Makes the window of a ledger anew; how many entries it holds. @throws Error when the store fails */
  sync(ledger: LedgerRow, options: { days?: number | undefined }): Promise<number>;
  /** Empties what is held of a ledger, for every process; how many keys were deleted. @throws Error */
  clear(ledger: LedgerRow): Promise<number>;
  status(ledger: LedgerRow): Promise<RecentStatus>;
  /** Which store, and whether it is asked at present. */
  store(): { kind: KeyStore['kind']; state: 'asked' | 'resting' };
  close(): Promise<void>;
}

export interface OpenRecent {
  window: Window;
  read: RecentLedger['read'];
}

export interface RecentStatus {
  ledger: string;
  /** Entries held, and the index below which all are known; null where this process knows no window. */
  entries: number;
  upTo: number | null;
  /** Time of the oldest entry held, ms. */
  since: number | null;
  /** Nothing of the ledger is missing. */
  complete: boolean;
  /** In the store; null while it cannot be asked. */
  keys: number | null;
  bytes: number | null;
}

export interface RecentOptions {
  store: KeyStore;
  source: RecentSource;
  settings: RecentSettings;
  /** The installation's master secret. */
  secret: Buffer;
  /** Tells installations apart that share a store: letters and digits. */
  installation: string;
  activity: ActivityLog;
  clock: () => number;
}

/** Appends of one ledger are taken together for so long. */
const gatherMs = 20;
/** And of one that nobody here has asked for: it is kept ready, but need not be at once. */
const gatherUnaskedMs = 1_000;
/** A window that could not be made is tried again after this. */
const retryAfterMs = 1_000;
/** A ledger that grows by more between two looks is left until it is calm: reading back what pours in would slow it. */
const calmEntriesMax = 500;

/** The newest entries of each ledger beside PostgreSQL: an exact shortcut, or none. */
export function createRecent(options: RecentOptions): Recent {
  const { source, settings, activity } = options;
  const counters = createCounters();
  const breaker = createCircuitBreaker(options.store, (text, cause) => {
    if (cause === undefined) activity.info(text);
    else activity.error(text, cause);
  });
  const prefix = `bitacora:recent:${options.installation}:`;
  const codec = createCodec(options.secret);
  const memory = createEntryMemory();
  const ledgers = new Map<number, Followed>();
  const running = new Set<Promise<void>>();
  let closed = false;

  const followed = (ledger: LedgerRow): Followed => {
    const known = ledgers.get(ledger.id);
    if (known) return known;
    const made: Followed = {
      ...{ size: 0, growing: 0, pouring: false, wanted: false, asked: false, waiting: false, notBefore: 0 },
      held: createRecentLedger({ ...options, ledger, prefix, codec, memory, counters, store: breaker.store }),
    };
    ledgers.set(ledger.id, made);
    return made;
  };
  const headOf = async (ledger: LedgerRow): Promise<LedgerHead | undefined> =>
    (await source.heads([ledger.id])).get(ledger.id);
  const failed = (what: string, error: unknown): void => {
    if (error instanceof StoreUnavailable || closed) return;
    counters.errors++;
    activity.error(what, error);
  };
  /** Brings a window up to date in the background, once at a time. */
  const schedule = (ledger: LedgerRow, afterMs: number): void => {
    const one = followed(ledger);
    if (one.waiting || closed || !breaker.closed()) return;
    one.waiting = true;
    const wait = Math.max(afterMs, one.notBefore - performance.now());
    const timer = setTimeout(() => {
      const work = (async () => {
        try {
          const head = await headOf(ledger);
          one.waiting = false;
          if (head && head.size > 0 && !closed && !one.pouring) await one.held.follow(head);
        } catch (error) {
          one.waiting = false;
          one.notBefore = performance.now() + retryAfterMs;
          failed(`ledger ${ledger.name}: the window could not be brought up to date`, error);
        }
      })();
      running.add(work);
      void work.finally(() => running.delete(work));
    }, wait);
    timer.unref();
  };
  const openNow = async (
    ledger: LedgerRow,
    head: LedgerHead,
    early: EarlyState | undefined,
  ): Promise<OpenRecent | undefined> => {
    const { held } = followed(ledger);
    followed(ledger).wanted = true;
    followed(ledger).asked = true;
    const window = await held.current(head, early);
    if (window) return { window, read: held.read };
    // Another process has seen more: with the ledger's size of now, both agree.
    const ahead = (held.window()?.state.upTo ?? 0) > head.size;
    const now = ahead ? await headOf(ledger) : undefined;
    const again = now && (await held.current(now));
    if (again) return { window: again, read: held.read };
    schedule(ledger, 0);
    return undefined;
  };
  return {
    settings,
    counters,
    heads: source.heads,
    early: (ledger) => followed(ledger).held.early(),
    async open(ledger, head, early) {
      try {
        return await openNow(ledger, head, early);
      } catch (error) {
        counters.fallbacks++;
        failed(`ledger ${ledger.name}: the store could not be asked`, error);
        return undefined;
      }
    },
    counted(outcome) {
      if (outcome === 'hit') counters.hits++;
      else counters.misses++;
    },
    appended(ledger, count) {
      const one = followed(ledger);
      one.wanted = true;
      one.growing += count;
      if (!one.pouring && one.growing <= calmEntriesMax)
        schedule(ledger, one.asked ? gatherMs : gatherUnaskedMs);
    },
    grown(ledger, size) {
      const one = ledgers.get(ledger.id);
      if (!one?.wanted) return;
      const growth = size - one.size;
      // The first look at a ledger knows no growth.
      one.pouring = one.size > 0 && growth > calmEntriesMax;
      one.size = size;
      one.growing = 0;
      if ((one.held.window()?.state.upTo ?? 0) !== size && !one.pouring)
        schedule(ledger, one.asked ? 0 : gatherUnaskedMs);
    },
    async sync(ledger, { days = settings.days }) {
      const head = await headOf(ledger);
      if (!head || head.size === 0) return 0;
      await followed(ledger).held.follow(head, { anew: true, days: Math.min(days, settings.days) });
      return followed(ledger).held.window()?.entries.length ?? 0;
    },
    async clear(ledger) {
      await source.renewEpoch(ledger);
      const cleared = await breaker.store.clear(`${prefix}${ledger.id}:`);
      activity.info(`ledger ${ledger.name}: cleared, ${cleared} keys deleted`);
      return cleared;
    },
    async status(ledger) {
      const window = followed(ledger).held.window();
      const measured = await breaker.store.measure(`${prefix}${ledger.id}:`).catch(() => undefined);
      return {
        ledger: ledger.name,
        entries: window?.entries.length ?? 0,
        upTo: window?.state.upTo ?? null,
        since: window?.entries[0]?.at ?? null,
        complete: window !== undefined && window.floor(options.clock()) === undefined,
        keys: measured?.keys ?? null,
        bytes: measured?.bytes ?? null,
      };
    },
    store: () => ({ kind: options.store.kind, state: breaker.closed() ? 'asked' : 'resting' }),
    async close() {
      closed = true;
      breaker.stop();
      await Promise.all(running);
      await options.store.close();
      await activity.flush();
    },
  };
}

interface Followed {
  held: RecentLedger;
  /** As it was told last. */
  size: number;
  /** Entries appended since. */
  growing: number;
  /** At the last look it had grown by more than a calm ledger does. */
  pouring: boolean;
  /** This process was asked for it, or wrote to it: who does neither has no use for its window. */
  wanted: boolean;
  /** This process was asked for it. */
  asked: boolean;
  waiting: boolean;
  /** `performance.now()` before which nothing is tried. */
  notBefore: number;
}
