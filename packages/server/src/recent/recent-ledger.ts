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
   * The window at a head, or at a later head that the ledger has reached. Undefined when this process does not know it:
   * then PostgreSQL answers, and the window is made. @throws Error when the store fails
   */
  current(head: LedgerHead, early?: EarlyState): Promise<Window | undefined>;
  /** Reads the state while the head is being read. Undefined when the epoch is not known yet, or on failure. */
  early(): Promise<EarlyState | undefined>;
  /** Brings the window up to a head, and makes it when there is none. Returns how many entries were written. */
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

/** When the window lacks more entries than this, a question does not wait for it. */
const tailEntriesMax = 200;
/** A question waits for at most this many new chunks. */
const chunksWaitedForMax = 6;
const attemptsMax = 3;

/** The window of one epoch, as far as this process has it. */
interface EpochWindow {
  readonly epoch: number;
  readonly values: ChunkValues;
  hold: Hold;
}

type Hold =
  /** Nothing has been read yet. */
  | { readonly kind: 'unknown' }
  | { readonly kind: 'held'; readonly window: Window }
  /** The stored window cannot be continued: only a new window replaces it. */
  | { readonly kind: 'lost' };

/** The window of one ledger. It is read from the store, continued from PostgreSQL, or rebuilt when neither is possible. */
export function createRecentLedger(options: RecentLedgerOptions): RecentLedger {
  let epochWindow: EpochWindow | undefined;
  const epochAt = (head: LedgerHead): EpochWindow => {
    if (epochWindow?.epoch !== head.epoch) epochWindow = beginEpoch(head.epoch, options);
    return epochWindow;
  };
  const changes = createChanges(options);
  return {
    window: () => (epochWindow ? windowOf(epochWindow) : undefined),
    follow: (head, { anew = false, days = options.settings.days } = {}) =>
      changes.follow(epochAt(head), { head, anew, days }),
    current: (head, early) => currentWindow(epochAt(head), { head, early, changes, options }),
    async read(wanted) {
      const { entries, gone } = await readHeld(options, epochWindow?.values, wanted);
      // A chunk that has left the window in the meantime may be gone. A missing chunk of the present window means that the
      // window is damaged.
      if (epochWindow && gone?.every(({ id }) => epochWindow && windowOf(epochWindow)?.chunks.has(id)))
        forget(epochWindow, options);
      return entries;
    },
    async early() {
      if (!epochWindow) return undefined;
      const { epoch, values } = epochWindow;
      const raw = await loadState(options, values).catch(() => 'failed' as const);
      return raw === 'failed' ? undefined : { epoch, raw };
    },
  };
}

function beginEpoch(epoch: number, options: RecentLedgerOptions): EpochWindow {
  const refused = (name: string): void =>
    options.activity.error(`${name}: the value is not one of this ledger in this epoch`);
  return { epoch, values: createChunkValues({ ...options, epoch, refused }), hold: { kind: 'unknown' } };
}

function windowOf({ hold }: EpochWindow): Window | undefined {
  return hold.kind === 'held' ? hold.window : undefined;
}

function forget(epochWindow: EpochWindow, { ledger, activity }: RecentLedgerOptions): void {
  activity.info(`ledger ${ledger.name}: a chunk is missing, so the window is rebuilt`);
  epochWindow.hold = { kind: 'lost' };
}

/** Changes of the window, one at a time in this process. */
interface Changes {
  /** A change runs for which a question does not wait. */
  following(): boolean;
  learn(epochWindow: EpochWindow, raw: Buffer): Promise<boolean>;
  step(epochWindow: EpochWindow, head: LedgerHead): Promise<StepResult>;
  follow(
    epochWindow: EpochWindow,
    wanted: { head: LedgerHead; anew: boolean; days: number },
  ): Promise<number>;
}

function createChanges(options: RecentLedgerOptions): Changes {
  const oneAtATime = pLimit(1);
  let following = 0;
  return {
    following: () => following > 0,
    learn: (epochWindow, raw) =>
      oneAtATime(() => learn(epochWindow, { raw, chunksMax: chunksWaitedForMax }, options)),
    step: (epochWindow, head) => oneAtATime(() => step(epochWindow, head, options)),
    async follow(epochWindow, wanted) {
      return oneAtATime(async () => {
        following++;
        try {
          return await follow(epochWindow, wanted, options);
        } finally {
          following--;
        }
      });
    },
  };
}

/** Takes over a state that some process wrote; false when one of its values is missing. */
async function learn(
  epochWindow: EpochWindow,
  { raw, chunksMax }: { raw: Buffer; chunksMax: number },
  options: RecentLedgerOptions,
): Promise<boolean> {
  const window = await learnWindow(options, epochWindow.values, {
    raw,
    existing: windowOf(epochWindow),
    chunksMax,
  });
  if (window) epochWindow.hold = { kind: 'held', window };
  return window !== undefined;
}

/** Adds the entries up to a head, when they continue the stored window. */
async function step(
  epochWindow: EpochWindow,
  head: LedgerHead,
  options: RecentLedgerOptions,
): Promise<StepResult> {
  const { values } = epochWindow;
  const raw = await loadState(options, values);
  if (!raw || !(await learn(epochWindow, { raw, chunksMax: Infinity }, options))) return 'lost';
  const window = windowOf(epochWindow);
  return window ? stepWindow(window, head, { ...options, values }) : 'lost';
}

async function follow(
  epochWindow: EpochWindow,
  { head, anew, days }: { head: LedgerHead; anew: boolean; days: number },
  options: RecentLedgerOptions,
): Promise<number> {
  const { counters } = options;
  const before = counters.stored;
  if (!anew && epochWindow.hold.kind !== 'lost' && (await stepToHead(epochWindow, head, options)))
    return counters.stored - before;
  const filled = await fillWindow(options, epochWindow.values, { head, days });
  if (filled) epochWindow.hold = { kind: 'held', window: filled.window };
  return filled?.count ?? 0;
}

/** Steps until the window is at the head; false when that is not possible. */
async function stepToHead(
  epochWindow: EpochWindow,
  head: LedgerHead,
  options: RecentLedgerOptions,
): Promise<boolean> {
  // Steps of other processes count as progress, so only attempts without any progress are limited.
  for (let stale = 0; stale < attemptsMax;) {
    const upTo = windowOf(epochWindow)?.state.upTo ?? -1;
    const result = await step(epochWindow, head, options);
    if (result !== 'stale') return result === 'done';
    stale = (windowOf(epochWindow)?.state.upTo ?? -1) > upTo ? 0 : stale + 1;
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
async function currentWindow(
  epochWindow: EpochWindow,
  question: CurrentOptions,
): Promise<Window | undefined> {
  const { head, early, changes, options } = question;
  const fitting = (): Window | undefined => {
    const window = windowOf(epochWindow);
    return fits(window, head) ? window : undefined;
  };
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    if (epochWindow.hold.kind === 'lost' || (changes.following() && !fitting())) return undefined;
    const readBefore = attempt === 0 && early?.epoch === head.epoch ? early : undefined;
    const raw = readBefore ? readBefore.raw : await loadState(options, epochWindow.values);
    if (!raw || epochWindow.epoch !== head.epoch) return undefined;
    if (!windowOf(epochWindow)?.raw.equals(raw)) {
      if (changes.following() || !(await changes.learn(epochWindow, raw))) return undefined;
    }
    const learned = windowOf(epochWindow);
    if (!learned || fits(learned, head)) return learned;
    const behind = head.size - learned.state.upTo;
    if (behind > tailEntriesMax || behind < 0) return undefined;
    const result = await changes.step(epochWindow, head);
    if (result === 'lost') {
      epochWindow.hold = { kind: 'lost' };
      return undefined;
    }
    const window = result === 'done' ? fitting() : undefined;
    if (window) return window;
  }
  return undefined;
}
