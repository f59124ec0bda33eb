import type { LedgerHead } from '../storage/index.ts';
import { createHeldList, type HeldList } from './held-list.ts';
import { comparePlaces, later, type RecentPlace, type RecentEntry } from './recent-entry.ts';
import type { ChunkRow, WindowState } from './window-state.ts';

/** A chunk as this process knows it; its entries may have left memory. */
export interface Chunk extends ChunkRow {
  entries: readonly RecentEntry[] | undefined;
}

/** An entry of the window: its place, and its terms of indexed fields. */
export interface HeldEntry extends RecentPlace {
  terms: ReadonlySet<string>;
  chunk: Chunk;
  offset: number;
}

/** Entries that have the values of one key of an index. No entry above `floor` is missing. */
export interface KeyList {
  entries: readonly HeldEntry[];
  floor: RecentPlace | undefined;
}

/** The window of a ledger as this process has it: its entries by time and by each index. */
export interface Window {
  readonly state: WindowState;
  /** The bytes of the state's value, as they were read or written. */
  readonly raw: Buffer;
  readonly chunks: ReadonlyMap<string, Chunk>;
  readonly entries: readonly HeldEntry[];
  /** The place up to which no entry is held at `now`, given how many days are held; undefined when no entry is missing. */
  floor(now: number): RecentPlace | undefined;
  /** The entries of a key, one term per field of the index. */
  key(fields: readonly string[], terms: readonly string[]): KeyList;
  apply(next: { state: WindowState; raw: Buffer; chunks: readonly Chunk[] }): void;
}

export interface WindowOptions {
  indexes: readonly (readonly string[])[];
  entriesMaxPerKey: number;
  heldMs: number;
  /** Terms of indexed fields. */
  termsOf: (entry: RecentEntry) => ReadonlySet<string>;
  /** Whether a term belongs to a field. */
  isOf: (term: string, field: string) => boolean;
}

/** An entry has several keys when a field has several values. Further keys are left out. */
const keysPerEntryMax = 32;

export function createWindow(options: WindowOptions): Window {
  const { indexes, entriesMaxPerKey, heldMs } = options;
  const all = createHeldList<HeldEntry>();
  const byIndex = new Map<number, HeldEntry>();
  const keys = new Map<string, { list: HeldList<HeldEntry>; floor: RecentPlace | undefined }>();
  let chunks = new Map<string, Chunk>();
  let state: WindowState = { upTo: 0, tag: 0, last: '', floor: null, directory: '' };
  let raw: Buffer = Buffer.alloc(0);

  const keyNames = (entry: HeldEntry): string[] =>
    indexes.flatMap((fields) => {
      let names = [fields.join()];
      for (const field of fields) {
        const terms = [...entry.terms].filter((term) => options.isOf(term, field));
        names = names.flatMap((name) => terms.map((term) => `${name}\n${term}`)).slice(0, keysPerEntryMax);
      }
      return names;
    });
  const add = (chunk: Chunk, offset: number, entry: RecentEntry): void => {
    const existing = byIndex.get(entry.index);
    if (existing) {
      existing.chunk = chunk;
      existing.offset = offset;
      return;
    }
    const { at, index } = entry;
    const held: HeldEntry = { at, index, terms: options.termsOf(entry), chunk, offset };
    byIndex.set(index, held);
    all.insert(held);
    for (const name of keyNames(held)) {
      const key = keys.get(name) ?? { list: createHeldList<HeldEntry>(), floor: undefined };
      keys.set(name, key);
      if (key.floor && comparePlaces(held, key.floor) <= 0) continue;
      key.list.insert(held);
      if (key.list.entries.length > entriesMaxPerKey) key.floor = later(key.floor, key.list.shift());
    }
  };
  const drop = (gone: ReadonlySet<HeldEntry>): void => {
    if (gone.size === 0) return;
    all.keep((entry) => !gone.has(entry));
    const names = new Set<string>();
    for (const entry of gone) {
      byIndex.delete(entry.index);
      for (const name of keyNames(entry)) names.add(name);
    }
    for (const name of names) {
      const key = keys.get(name);
      key?.list.keep((entry) => !gone.has(entry));
      const empty = key?.list.entries.length === 0;
      if (empty && (!key.floor || (state.floor && comparePlaces(key.floor, state.floor) <= 0)))
        keys.delete(name);
    }
  };
  const floor = (now: number): RecentPlace | undefined => {
    const aged = all.countUpTo({ at: now - heldMs, index: Infinity });
    return later(state.floor ?? undefined, all.entries[aged - 1]);
  };
  return {
    get state() {
      return state;
    },
    get raw() {
      return raw;
    },
    get chunks() {
      return chunks;
    },
    get entries() {
      return all.entries;
    },
    floor,
    key(fields, terms) {
      const key = keys.get([fields.join(), ...terms].join('\n'));
      return { entries: key?.list.entries ?? [], floor: key?.floor };
    },
    apply(next) {
      const before = chunks;
      ({ state, raw } = next);
      chunks = new Map(next.chunks.map((chunk) => [chunk.id, before.get(chunk.id) ?? chunk]));
      const bottom = state.floor;
      for (const chunk of next.chunks) {
        if (before.has(chunk.id)) continue;
        chunk.entries?.forEach((entry, offset) => {
          if (!bottom || comparePlaces(entry, bottom) > 0) add(chunk, offset, entry);
        });
      }
      const gone = new Set<HeldEntry>();
      const below = bottom ? all.countUpTo(bottom) : 0;
      for (let rank = 0; rank < below; rank++) {
        const entry = all.entries[rank];
        if (entry) gone.add(entry);
      }
      if ([...before.keys()].some((id) => !chunks.has(id))) {
        for (const entry of all.entries) if (!chunks.has(entry.chunk.id)) gone.add(entry);
      }
      drop(gone);
    },
  };
}

/** Whether a window is at a head: neither behind nor ahead, and of the same tree. */
export function fits(window: Window | undefined, head: LedgerHead): boolean {
  return window?.state.upTo === head.size && window.state.tag === head.tag;
}
