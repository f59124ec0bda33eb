import type { LedgerRow } from '../ledger/index.ts';
import type { KeyStore, LedgerHead } from '../storage/index.ts';
import type { ActivityLog } from './activity-log.ts';
import { createCircuitBreaker, StoreUnavailable, type CircuitBreaker } from './circuit-breaker.ts';
import { createCodec } from './codec.ts';
import { createCounters, type RecentCounters } from './counters.ts';
import { createEntryMemory } from './entry-memory.ts';
import { createRecentLedger, type RecentLedger } from './recent-ledger.ts';
import type { RecentSettings } from './recent-settings.ts';
import type { RecentSource } from './recent-source.ts';

export interface RecentOptions {
  store: KeyStore;
  source: RecentSource;
  settings: RecentSettings;
  /** The installation's master secret. */
  secret: Buffer;
  /** Letters and digits that differ for each installation, because several may share a store. */
  installation: string;
  activity: ActivityLog;
  clock: () => number;
}

/** After a failure, the window of a ledger is not tried again for this time. */
const retryAfterMs = 1_000;

/** The parts that all operations of recent share. */
export interface RecentCore extends Pick<RecentOptions, 'source' | 'settings' | 'activity' | 'clock'> {
  readonly counters: RecentCounters;
  readonly breaker: CircuitBreaker;
  /** Begins the name of every key of ours. */
  readonly prefix: string;
  readonly ledgers: ReadonlyMap<number, FollowedLedger>;
  /** The state with which this process follows a ledger. The process begins to follow it when it did not before. */
  follow(ledger: LedgerRow): FollowedLedger;
  /** Work in the background. */
  readonly running: Set<Promise<void>>;
  closed: boolean;
}

export interface FollowedLedger {
  readonly held: RecentLedger;
  /** Entries at the last call of `grown`. */
  size: number;
  /** Entries that this process appended since. */
  growing: number;
  /** Between the last two calls of `grown` the ledger grew too fast to keep its window up to date. */
  rushing: boolean;
  /** This process answered questions about it or wrote to it: a process that does neither has no use for its window. */
  wanted: boolean;
  /** This process answered questions about it. */
  asked: boolean;
  /** Work on it is scheduled. */
  scheduled: boolean;
  /** `performance.now()` before which nothing is tried. */
  notBefore: number;
}

export function openRecentCore(options: RecentOptions): RecentCore {
  const { source, settings, activity, clock } = options;
  const counters = createCounters();
  const breaker = createCircuitBreaker(options.store, (text, cause) => {
    if (cause === undefined) activity.info(text);
    else activity.error(text, cause);
  });
  const prefix = `bitacora:recent:${options.installation}:`;
  const codec = createCodec(options.secret);
  const memory = createEntryMemory();
  const ledgers = new Map<number, FollowedLedger>();
  const follow = (ledger: LedgerRow): FollowedLedger => {
    const existing = ledgers.get(ledger.id);
    if (existing) return existing;
    const { store } = breaker;
    const followed: FollowedLedger = {
      size: 0,
      growing: 0,
      rushing: false,
      wanted: false,
      asked: false,
      scheduled: false,
      notBefore: 0,
      held: createRecentLedger({ ...options, ledger, prefix, codec, memory, counters, store }),
    };
    ledgers.set(ledger.id, followed);
    return followed;
  };
  return {
    source,
    settings,
    activity,
    clock,
    counters,
    breaker,
    prefix,
    ledgers,
    follow,
    running: new Set(),
    closed: false,
  };
}

export async function headOf({ source }: RecentCore, ledger: LedgerRow): Promise<LedgerHead | undefined> {
  return (await source.heads([ledger.id])).get(ledger.id);
}

export function reportFailure(
  { closed, counters, activity }: RecentCore,
  text: string,
  error: unknown,
): void {
  if (error instanceof StoreUnavailable || closed) return;
  counters.errors++;
  activity.error(text, error);
}

/** Brings a window up to date in the background. At most one such work is scheduled for a ledger. */
export function schedule(core: RecentCore, ledger: LedgerRow, afterMs: number): void {
  const followed = core.follow(ledger);
  if (followed.scheduled || core.closed || !core.breaker.closed()) return;
  followed.scheduled = true;
  const waitMs = Math.max(afterMs, followed.notBefore - performance.now());
  const timer = setTimeout(() => {
    const work = bringUpToDate(core, ledger, followed);
    core.running.add(work);
    void work.finally(() => core.running.delete(work));
  }, waitMs);
  timer.unref();
}

async function bringUpToDate(core: RecentCore, ledger: LedgerRow, followed: FollowedLedger): Promise<void> {
  try {
    const head = await headOf(core, ledger);
    followed.scheduled = false;
    if (head && head.size > 0 && !core.closed && !followed.rushing) await followed.held.follow(head);
  } catch (error) {
    followed.scheduled = false;
    followed.notBefore = performance.now() + retryAfterMs;
    reportFailure(core, `ledger ${ledger.name}: the window could not be brought up to date`, error);
  }
}
