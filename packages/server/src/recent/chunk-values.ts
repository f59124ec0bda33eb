import { randomBytes } from 'node:crypto';
import type { LedgerRow } from '../ledger/index.ts';
import type { KeyStore } from '../storage/index.ts';
import type { Codec } from './codec.ts';
import type { RecentCounters } from './counters.ts';
import { comparePlaces, type RecentEntry } from './recent-entry.ts';
import type { Chunk } from './window.ts';
import { parseDirectory, parseState, type ChunkRow, type WindowState } from './window-state.ts';

/** Entries under one key. A page of 50 entries needs one or two reads, and this many entries compress well together. */
export const chunkEntriesMax = 64;
const chunksPerLoad = 16;

/** Reads and writes the values of one ledger in one epoch. A value that another program wrote is treated as absent. */
export interface ChunkValues {
  stateName: string;
  chunkName(id: string): string;
  /** The state in a value; undefined when it cannot be opened. */
  readState(raw: Buffer): WindowState | undefined;
  directory(state: WindowState): Promise<ChunkRow[] | undefined>;
  /** Entries of each chunk; undefined when one of the chunks is missing. */
  load(rows: readonly ChunkRow[]): Promise<RecentEntry[][] | undefined>;
  /** A chunk for entries in any order, with its value. */
  pack(entries: readonly RecentEntry[]): Promise<{ chunk: Chunk; value: Buffer }>;
  /** State and directory as values to put. */
  packState(state: Omit<WindowState, 'directory'>, chunks: readonly Chunk[]): Promise<PackedState>;
}

export interface PackedState {
  state: WindowState;
  raw: Buffer;
  puts: Map<string, Buffer>;
}

export function createChunkValues(options: {
  ledger: LedgerRow;
  epoch: number;
  prefix: string;
  store: KeyStore;
  codec: Codec;
  counters: RecentCounters;
  refused: (name: string) => void;
}): ChunkValues {
  const { ledger, epoch, store, codec, counters } = options;
  const prefix = `${options.prefix}${ledger.id}:${epoch}:`;
  const stateName = `${prefix}state`;
  const owner = { tenant: ledger.tenant, ledger: ledger.id, epoch };
  const nameOf = (id: string): string => `${prefix}${id}`;
  const open = (name: string, value: Buffer): unknown => {
    const opened = codec.open(name, value, owner);
    if (opened) return opened.payload;
    counters.refused++;
    options.refused(name);
    return undefined;
  };
  const readChunk = (row: ChunkRow, value: Buffer | undefined): RecentEntry[] | undefined => {
    const payload = value && open(nameOf(row.id), value);
    return Array.isArray(payload) && payload.length === row.count
      ? payload.map((stored) => unpackEntry(stored, ledger.name))
      : undefined;
  };
  const newId = (kind: string): string => `${kind}:${randomBytes(9).toString('base64url')}`;
  return {
    stateName,
    chunkName: nameOf,
    readState(raw) {
      return parseState(open(stateName, raw));
    },
    async directory({ directory }) {
      const [value] = await store.load([nameOf(directory)]);
      return value && parseDirectory(open(nameOf(directory), value));
    },
    async load(rows) {
      const loaded: RecentEntry[][] = [];
      for (let first = 0; first < rows.length; first += chunksPerLoad) {
        const some = rows.slice(first, first + chunksPerLoad);
        const values = await store.load(some.map(({ id }) => nameOf(id)));
        for (const [position, row] of some.entries()) {
          const entries = readChunk(row, values[position]);
          if (!entries) return undefined;
          loaded.push(entries);
        }
      }
      return loaded;
    },
    async pack(entries) {
      const id = newId('c');
      const indexes = entries.map(({ index }) => index);
      const header = { ...owner, first: Math.min(...indexes), end: Math.max(...indexes) + 1 };
      const value = await codec.seal(nameOf(id), header, entries.map(packEntry));
      const greatest = entries.reduce((a, b) => (comparePlaces(a, b) < 0 ? b : a));
      const chunk: Chunk = {
        id,
        count: entries.length,
        greatest: { at: greatest.at, index: greatest.index },
        entries,
      };
      return { chunk, value };
    },
    async packState(next, chunks) {
      const state = { ...next, directory: newId('d') };
      const header = { ...owner, first: 0, end: state.upTo };
      const rows = chunks.map(({ id, count, greatest }) => ({ id, count, greatest }));
      const raw = await codec.seal(stateName, header, state);
      const puts = new Map([
        [stateName, raw],
        [nameOf(state.directory), await codec.seal(nameOf(state.directory), header, rows)],
      ]);
      return { state, raw, puts };
    },
  };
}

type PackedEntry = [
  index: number,
  at: number,
  id: string,
  ingestedAt: string,
  event: unknown,
  open: unknown,
  altered?: string[],
];

/** An event without personal values is equal to its open form, so it is stored once. */
function packEntry({ index, at, id, ingestedAt, event, open, altered }: RecentEntry): PackedEntry {
  const { id: _, ...rest } = event;
  const { id: _id, ...openRest } = open;
  const same = JSON.stringify(rest) === JSON.stringify(openRest);
  const packed: PackedEntry = [index, at, id, ingestedAt, rest, same ? 0 : openRest];
  if (altered) packed.push(altered);
  return packed;
}

function unpackEntry(stored: unknown, ledger: string): RecentEntry {
  const [index, at, id, ingestedAt, rest, openRest, altered] = stored as PackedEntry;
  const event = { ...(rest as Omit<RecentEntry['event'], 'id'>), id };
  return {
    index,
    at,
    id,
    ledger,
    ingestedAt,
    event,
    open: openRest === 0 ? event : { ...(openRest as Omit<RecentEntry['open'], 'id'>), id },
    ...(altered ? { altered } : {}),
  };
}
