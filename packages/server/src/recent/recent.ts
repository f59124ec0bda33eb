import type { LedgerRow } from '../ledger/index.ts';
import type { KeyStore, LedgerHead } from '../storage/index.ts';
import type { RecentCounters } from './counters.ts';
import {
  headOf,
  openRecentCore,
  reportFailure,
  schedule,
  type RecentCore,
  type RecentOptions,
} from './recent-core.ts';
import type { RecentLedger } from './recent-ledger.ts';
import type { RecentSettings } from './recent-settings.ts';
import type { RecentSource } from './recent-source.ts';
import type { EarlyState } from './window-state.ts';
import type { Window } from './window.ts';

export interface Recent {
  readonly settings: RecentSettings;
  readonly counters: Readonly<RecentCounters>;
  heads: RecentSource['heads'];
  /**
   * The window of a ledger at a head or later, and a function that reads its entries. Undefined: ask PostgreSQL. Never
   * throws.
   */
  open(ledger: LedgerRow, head: LedgerHead, early?: EarlyState): Promise<OpenRecent | undefined>;
  /** Reads the state of a ledger while the caller reads its head. Never throws. */
  early(ledger: LedgerRow): Promise<EarlyState | undefined>;
  /** Counts a page that was answered from recent (`hit`), or that could not be (`miss`). */
  counted(outcome: 'hit' | 'miss'): void;
  /** Notes how many entries this process appended to a ledger. Returns at once. */
  appended(ledger: LedgerRow, count: number): void;
  /** Notes how many entries a ledger has. The caller calls it several times a second. Returns at once. */
  grown(ledger: LedgerRow, size: number): void;
  /** Rebuilds the window of a ledger. Returns how many entries it holds. @throws Error when the store fails */
  sync(ledger: LedgerRow, options: { days?: number | undefined }): Promise<number>;
  /** Deletes the stored entries of a ledger, for every process. Returns how many keys were deleted. @throws Error */
  clear(ledger: LedgerRow): Promise<number>;
  status(ledger: LedgerRow): Promise<RecentStatus>;
  /** The kind of the store, and whether it is asked at present. */
  store(): { kind: KeyStore['kind']; state: 'asked' | 'resting' };
  close(): Promise<void>;
}

export interface OpenRecent {
  window: Window;
  read: RecentLedger['read'];
}

export interface RecentStatus {
  ledger: string;
  /** Entries held, and the index below which all are known; null when this process has no window. */
  entries: number;
  upTo: number | null;
  /** Time of the oldest entry held, ms. */
  since: number | null;
  /** Nothing of the ledger is missing. */
  complete: boolean;
  /** Keys in the store; null while the store cannot be asked. */
  keys: number | null;
  bytes: number | null;
}

/** Appends of one ledger within this time are stored together. */
const gatherMs = 20;
/** The same for a ledger about which nobody asked this process: its window is kept up to date, but less often. */
const gatherUnaskedMs = 1_000;
/**
 * The window of a ledger that grows by more between two calls of `grown` waits until it grows less: reading the entries
 * back would slow the appends.
 */
const calmEntriesMax = 500;

/** The newest entries of each ledger, beside PostgreSQL. It gives the same answer as PostgreSQL, or none. */
export function createRecent(options: RecentOptions): Recent {
  const core = openRecentCore(options);
  const { source, settings, counters } = core;
  return {
    settings,
    counters,
    heads: source.heads,
    early: (ledger) => core.follow(ledger).held.early(),
    open: (ledger, head, early) => openWindow(core, { ledger, head, early }),
    counted(outcome) {
      if (outcome === 'hit') counters.hits++;
      else counters.misses++;
    },
    appended: (ledger, count) => noteAppended(core, ledger, count),
    grown: (ledger, size) => noteSize(core, ledger, size),
    sync: (ledger, { days = settings.days }) => syncWindow(core, ledger, days),
    clear: (ledger) => clearWindow(core, ledger),
    status: (ledger) => statusOf(core, ledger),
    store: () => ({ kind: options.store.kind, state: core.breaker.closed() ? 'asked' : 'resting' }),
    async close() {
      core.closed = true;
      core.breaker.stop();
      await Promise.all(core.running);
      await options.store.close();
      await core.activity.flush();
    },
  };
}

interface OpenInput {
  readonly ledger: LedgerRow;
  readonly head: LedgerHead;
  readonly early: EarlyState | undefined;
}

async function openWindow(core: RecentCore, input: OpenInput): Promise<OpenRecent | undefined> {
  try {
    return await currentWindow(core, input);
  } catch (error) {
    core.counters.fallbacks++;
    reportFailure(core, `ledger ${input.ledger.name}: the store could not be asked`, error);
    return undefined;
  }
}

async function currentWindow(
  core: RecentCore,
  { ledger, head, early }: OpenInput,
): Promise<OpenRecent | undefined> {
  const followed = core.follow(ledger);
  const { held } = followed;
  followed.wanted = true;
  followed.asked = true;
  const window = await held.current(head, early);
  if (window) return { window, read: held.read };
  // When another process has seen a later size, the head is read again, so that it is not older than the window.
  const ahead = (held.window()?.state.upTo ?? 0) > head.size;
  const headNow = ahead ? await headOf(core, ledger) : undefined;
  const windowNow = headNow && (await held.current(headNow));
  if (windowNow) return { window: windowNow, read: held.read };
  schedule(core, ledger, 0);
  return undefined;
}

function noteAppended(core: RecentCore, ledger: LedgerRow, count: number): void {
  const followed = core.follow(ledger);
  followed.wanted = true;
  followed.growing += count;
  if (followed.rushing || followed.growing > calmEntriesMax) return;
  schedule(core, ledger, followed.asked ? gatherMs : gatherUnaskedMs);
}

function noteSize(core: RecentCore, ledger: LedgerRow, size: number): void {
  const followed = core.ledgers.get(ledger.id);
  if (!followed?.wanted) return;
  const growth = size - followed.size;
  // At the first call the growth is not known.
  followed.rushing = followed.size > 0 && growth > calmEntriesMax;
  followed.size = size;
  followed.growing = 0;
  const current = (followed.held.window()?.state.upTo ?? 0) === size;
  if (!current && !followed.rushing) schedule(core, ledger, followed.asked ? 0 : gatherUnaskedMs);
}

async function syncWindow(core: RecentCore, ledger: LedgerRow, days: number): Promise<number> {
  const head = await headOf(core, ledger);
  if (!head || head.size === 0) return 0;
  const { held } = core.follow(ledger);
  await held.follow(head, { anew: true, days: Math.min(days, core.settings.days) });
  return held.window()?.entries.length ?? 0;
}

async function clearWindow(core: RecentCore, ledger: LedgerRow): Promise<number> {
  await core.source.renewEpoch(ledger);
  const cleared = await core.breaker.store.clear(`${core.prefix}${ledger.id}:`);
  core.activity.info(`ledger ${ledger.name}: cleared, ${cleared} keys deleted`);
  return cleared;
}

async function statusOf(core: RecentCore, ledger: LedgerRow): Promise<RecentStatus> {
  const window = core.follow(ledger).held.window();
  const measured = await core.breaker.store.measure(`${core.prefix}${ledger.id}:`).catch(() => undefined);
  return {
    ledger: ledger.name,
    entries: window?.entries.length ?? 0,
    upTo: window?.state.upTo ?? null,
    since: window?.entries[0]?.at ?? null,
    complete: window !== undefined && window.floor(core.clock()) === undefined,
    keys: measured?.keys ?? null,
    bytes: measured?.bytes ?? null,
  };
}
