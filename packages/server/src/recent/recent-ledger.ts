import pLimit from 'p-limit';
import type { LedgerHead } from '../storage/index.ts';
import { createChunkValues, type ChunkValues } from './chunk-values.ts';
import type { Codec } from './codec.ts';
import type { RecentEntry } from './recent-entry.ts';
import { stepWindow, type StepResult } from './step-window.ts';
import { fits, type HeldEntry, type Window } from './window.ts';
import { fillWindow, learnWindow, loadState, readHeld, type WindowStoreOptions } from './window-store.ts';
import type { EarlyState } from './window-state.ts';

export interface RecentLedger {
  /**
   * The window as it is at a head or at a later one that is true now. Undefined when this process does not know it:
   * PostgreSQL answers, and the window is made. @throws Error when the store fails
   */
  current(head: LedgerHead, early?: EarlyState): Promise<Window | undefined>;
  /** Reads the state while the head is being read, where the epoch is known; undefined when it is not, or on failure. */
  early(): Promise<EarlyState | undefined>;
  /** Brings the window up to a head, making it when there is none. How many entries were written. */
  follow(head: LedgerHead, options?: { anew?: boolean; days?: number }): Promise<number>;
  /** The entries, from memory or the store; undefined when one is gone. */
  read(entries: readonly HeldEntry[]): Promise<RecentEntry[] | undefined>;
  /** The window as this process knows it, without asking the store. */
  window(): Window | undefined;
}

export interface RecentLedgerOptions extends WindowStoreOptions {
  readonly prefix: string;
  readonly codec: Codec;
}

/** Beyond, a question does not wait for the window to catch up. */
const tailEntriesMax = 200;
/** New chunks that a question waits for. */
const chunksWaitedForMax = 6;
const attemptsMax = 3;

/** What this process knows of the window in one epoch. */
interface Known {
  readonly epoch: number;
  readonly values: ChunkValues;
  hold: Hold;
}

type Hold =
  /** Nothing was read yet. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'held'; readonly window: Window }
  /** What is stored cannot be continued: only a new window replaces it. */
  | { readonly kind: 'lost' };

/** One ledger's window: learned from the store, continued from PostgreSQL, made anew when neither is possible. */
export function createRecentLedger(options: RecentLedgerOptions): RecentLedger {
  let known: Known | undefined;
  const knownAt = (head: LedgerHead): Known => {
    if (known?.epoch !== head.epoch) known = beginEpoch(head.epoch, options);
    return known;
  };
  const changes = createChanges(options);
  return {
    window: () => (known ? windowOf(known) : undefined),
    follow: (head, { anew = false, days = options.settings.days } = {}) =>
      changes.follow(knownAt(head), { head, anew, days }),
    current: (head, early) => currentWindow(knownAt(head), { head, early, changes, options }),
    async read(wanted) {
      const { entries, gone } = await readHeld(options, known?.values, wanted);
      // A chunk that left the window meanwhile is missed by no other reader.
      if (known && gone?.every(({ id }) => known && windowOf(known)?.chunks.has(id))) forget(known, options);
      return entries;
    },
    async early() {
      if (!known) return undefined;
      const { epoch, values } = known;
      const raw = await loadState(options, values).catch(() => 'failed' as const);
      return raw === 'failed' ? undefined : { epoch, raw };
    },
  };
}

function beginEpoch(epoch: number, options: RecentLedgerOptions): Known {
  const refused = (name: string): void =>
    options.activity.error(`${name}: the value is not one of this ledger in this epoch`);
  return { epoch, values: createChunkValues({ ...options, epoch, refused }), hold: { kind: 'unknown' } };
}

function windowOf({ hold }: Known): Window | undefined {
  return hold.kind === 'held' ? hold.window : undefined;
}

function forget(known: Known, { ledger, activity }: RecentLedgerOptions): void {
  activity.info(`ledger ${ledger.name}: a chunk is gone, the window is made anew`);
  known.hold = { kind: 'lost' };
}

/** Changes of the window, one at a time in this process. */
interface Changes {
  /** A change is under way that a question does not wait for. */
  following(): boolean;
  learn(known: Known, raw: Buffer): Promise<boolean>;
  step(known: Known, head: LedgerHead): Promise<StepResult>;
  follow(known: Known, wanted: { head: LedgerHead; anew: boolean; days: number }): Promise<number>;
}

function createChanges(options: RecentLedgerOptions): Changes {
  const oneAtATime = pLimit(1);
  let following = 0;
  return {
    following: () => following > 0,
    learn: (known, raw) => oneAtATime(() => learn(known, { raw, chunksMax: chunksWaitedForMax }, options)),
    step: (known, head) => oneAtATime(() => step(known, head, options)),
    async follow(known, wanted) {
      return oneAtATime(async () => {
        following++;
        try {
          return await follow(known, wanted, options);
        } finally {
          following--;
        }
      });
    },
  };
}

/** Learns a state that some process wrote; false when its values are not all there. */
async function learn(
  known: Known,
  { raw, chunksMax }: { raw: Buffer; chunksMax: number },
  options: RecentLedgerOptions,
): Promise<boolean> {
  const window = await learnWindow(options, known.values, { raw, existing: windowOf(known), chunksMax });
  if (window) known.hold = { kind: 'held', window };
  return window !== undefined;
}

/** Adds the entries up to a head, when they continue what is stored. */
async function step(known: Known, head: LedgerHead, options: RecentLedgerOptions): Promise<StepResult> {
  const { values } = known;
  const raw = await loadState(options, values);
  if (!raw || !(await learn(known, { raw, chunksMax: Infinity }, options))) return 'lost';
  const window = windowOf(known);
  return window ? stepWindow(window, head, { ...options, values }) : 'lost';
}

async function follow(
  known: Known,
  { head, anew, days }: { head: LedgerHead; anew: boolean; days: number },
  options: RecentLedgerOptions,
): Promise<number> {
  const { counters } = options;
  const before = counters.stored;
  if (!anew && known.hold.kind !== 'lost' && (await stepToHead(known, head, options)))
    return counters.stored - before;
  const filled = await fillWindow(options, known.values, { head, days });
  if (filled) known.hold = { kind: 'held', window: filled.window };
  return filled?.count ?? 0;
}

/** Steps until the window is at the head; false when that is not possible. */
async function stepToHead(known: Known, head: LedgerHead, options: RecentLedgerOptions): Promise<boolean> {
  // Steps of other processes count as progress: only attempts without any progress are limited.
  for (let stale = 0; stale < attemptsMax;) {
    const upTo = windowOf(known)?.state.upTo ?? -1;
    const result = await step(known, head, options);
    if (result !== 'stale') return result === 'done';
    stale = (windowOf(known)?.state.upTo ?? -1) > upTo ? 0 : stale + 1;
  }
  return false;
}

interface CurrentOptions {
  readonly head: LedgerHead;
  readonly early: EarlyState | undefined;
  readonly changes: Changes;
  readonly options: RecentLedgerOptions;
}

/** A question waits for a few chunks and a short tail, and for nothing longer. */
async function currentWindow(known: Known, asked: CurrentOptions): Promise<Window | undefined> {
  const { head, early, changes, options } = asked;
  const fitting = (): Window | undefined => {
    const window = windowOf(known);
    return fits(window, head) ? window : undefined;
  };
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    if (known.hold.kind === 'lost' || (changes.following() && !fitting())) return undefined;
    const readBefore = attempt === 0 && early?.epoch === head.epoch ? early : undefined;
    const raw = readBefore ? readBefore.raw : await loadState(options, known.values);
    if (!raw || known.epoch !== head.epoch) return undefined;
    if (!windowOf(known)?.raw.equals(raw)) {
      if (changes.following() || !(await changes.learn(known, raw))) return undefined;
    }
    const learned = windowOf(known);
    if (!learned || fits(learned, head)) return learned;
    const behind = head.size - learned.state.upTo;
    if (behind > tailEntriesMax || behind < 0) return undefined;
    const result = await changes.step(known, head);
    if (result === 'lost') {
      known.hold = { kind: 'lost' };
      return undefined;
    }
    const window = result === 'done' ? fitting() : undefined;
    if (window) return window;
  }
  return undefined;
}
