import type { LedgerRow } from '../ledger/index.ts';
import type { KeyStore } from '../storage/index.ts';
import type { ActivityLog } from './activity-log.ts';
import type { ChunkValues } from './chunk-values.ts';
import type { RecentCounters } from './counters.ts';
import type { EntryMemory } from './entry-memory.ts';
import { packNewest } from './extend-window.ts';
import { heldTerms } from './held-terms.ts';
import { later, type RecentPlace, type RecentEntry } from './recent-entry.ts';
import { dayMs, type RecentSettings } from './recent-settings.ts';
import type { RecentSource } from './recent-source.ts';
import { createWindow, type Chunk, type HeldEntry, type Window } from './window.ts';
import type { ChunkRow, WindowState } from './window-state.ts';

export interface WindowStoreOptions {
  readonly ledger: LedgerRow;
  readonly store: KeyStore;
  readonly source: RecentSource;
  readonly settings: RecentSettings;
  readonly memory: EntryMemory;
  readonly counters: RecentCounters;
  readonly activity: ActivityLog;
  readonly clock: () => number;
}

export interface WindowChange {
  /** The state that was read. Nothing is written when the store has another state by now. */
  readonly expected: Buffer | undefined;
  readonly state: Omit<WindowState, 'directory'>;
  readonly chunks: readonly Chunk[];
  readonly puts: ReadonlyMap<string, Buffer>;
  readonly deletes: readonly string[];
}

export async function loadState(
  { store }: WindowStoreOptions,
  values: ChunkValues,
): Promise<Buffer | undefined> {
  const [raw] = await store.load([values.stateName]);
  return raw;
}

/** Undefined when another process has changed the state in the meantime. */
export async function writeWindow(
  { store, settings }: WindowStoreOptions,
  values: ChunkValues,
  change: WindowChange,
): Promise<{ state: WindowState; raw: Buffer } | undefined> {
  const packed = await values.packState(change.state, change.chunks);
  const written = await store.swap({
    name: values.stateName,
    expected: change.expected,
    puts: new Map([...packed.puts, ...change.puts]),
    deletes: change.deletes,
    ttlMs: settings.days * dayMs,
  });
  return written ? packed : undefined;
}

/** The window of a state that some process wrote; undefined when one of its values is missing. `existing` is continued. */
export async function learnWindow(
  options: WindowStoreOptions,
  values: ChunkValues,
  { raw, existing, chunksMax }: { raw: Buffer; existing: Window | undefined; chunksMax: number },
): Promise<Window | undefined> {
  if (existing?.raw.equals(raw)) return existing;
  const state = values.readState(raw);
  const rows = state && (await values.directory(state));
  if (!rows) return undefined;
  const window = existing && rows.some(({ id }) => existing.chunks.has(id)) ? existing : emptyWindow(options);
  const { living, floor } = livingChunks(rows, { window, state, since: sinceOf(options) });
  const missing = living.filter(({ id }) => !window.chunks.has(id));
  if (missing.length > chunksMax) return undefined;
  const loaded = await values.load(missing);
  if (!loaded) return undefined;
  const entriesOf = new Map(missing.map((row, position) => [row.id, loaded[position]]));
  const chunks = living.map(
    (row): Chunk => window.chunks.get(row.id) ?? { ...row, entries: entriesOf.get(row.id) },
  );
  window.apply({ state: { ...state, floor: floor ?? null }, raw, chunks });
  for (const chunk of chunks) options.memory.used(chunk);
  return window;
}

/** Chunks that may have expired in the store are too old to be held: the floor rises over them. */
function livingChunks(
  rows: readonly ChunkRow[],
  { window, state, since }: { window: Window; state: WindowState; since: number },
): { living: readonly ChunkRow[]; floor: RecentPlace | undefined } {
  const lives = (row: ChunkRow): boolean => row.greatest.at > since || window.chunks.has(row.id);
  const expired = rows.filter((row) => !lives(row)).map((row) => row.greatest);
  return {
    living: rows.filter(lives),
    floor: expired.reduce<RecentPlace | undefined>(later, state.floor ?? undefined),
  };
}

/** Makes the window from PostgreSQL; undefined when it could not be written. */
export async function fillWindow(
  options: WindowStoreOptions,
  values: ChunkValues,
  { head, days }: { head: { size: number; tag: number }; days: number },
): Promise<{ window: Window; count: number } | undefined> {
  const { ledger, source, settings, counters, activity, clock } = options;
  const expected = await loadState(options, values);
  const range = { first: head.size - 1, end: head.size };
  const [lastEntry] = head.size === 0 ? [] : await source.range(ledger, range);
  if (head.size > 0 && !lastEntry) return undefined;
  const wanted = { size: head.size, limit: settings.entriesMaxPerLedger, since: clock() - days * dayMs };
  const { chunks, puts, count, floor } = await packNewest(ledger, { from: values, source, wanted });
  const last = lastEntry?.leafHash ?? '';
  const state = { upTo: head.size, tag: head.tag, last, floor: floor ?? null };
  const written = await writeWindow(options, values, { expected, state, chunks, puts, deletes: [] });
  counters.fills++;
  if (!written) return undefined;
  const window = emptyWindow(options);
  window.apply({ ...written, chunks });
  for (const chunk of chunks) options.memory.used(chunk);
  counters.stored += count;
  const what = floor ? 'the newest' : 'all';
  activity.info(`ledger ${ledger.name}: filled with ${what} ${count} entries below ${head.size}`);
  return { window, count };
}

/** Entries from memory or the store; undefined when a chunk is gone from the store. */
export async function readHeld(
  { memory }: Pick<WindowStoreOptions, 'memory'>,
  values: ChunkValues | undefined,
  wanted: readonly HeldEntry[],
): Promise<{ entries?: RecentEntry[]; gone?: readonly Chunk[] }> {
  const chunks = new Set(wanted.map(({ chunk }) => chunk));
  const absent = [...chunks].filter((chunk) => !chunk.entries);
  if (absent.length > 0 && values) {
    const loaded = await values.load(absent);
    if (!loaded) return { gone: absent };
    absent.forEach((chunk, position) => (chunk.entries = loaded[position]));
  }
  const entries: RecentEntry[] = [];
  for (const { chunk, offset } of wanted) {
    const entry = chunk.entries?.[offset];
    if (!entry) return {};
    entries.push(entry);
  }
  for (const chunk of chunks) memory.used(chunk);
  return { entries };
}

function emptyWindow({ ledger, source, settings }: WindowStoreOptions): Window {
  return createWindow({
    indexes: settings.indexes,
    entriesMaxPerKey: settings.entriesMaxPerKey,
    heldMs: settings.days * dayMs,
    termsOf: heldTerms({ ledger, source, settings }),
    isOf: source.isOf,
  });
}

/** Entries at or before this time are not held, ms. */
export function sinceOf({ settings, clock }: Pick<WindowStoreOptions, 'settings' | 'clock'>): number {
  return clock() - settings.days * dayMs;
}
