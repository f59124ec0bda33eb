import type { LedgerRow } from '../ledger/index.ts';
import { chunkEntriesMax, type ChunkValues } from './chunk-values.ts';
import { comparePlaces, later, type RecentPlace, type RecentEntry } from './recent-entry.ts';
import type { RecentSource } from './recent-source.ts';
import type { Chunk, Window } from './window.ts';

interface Packed {
  chunks: Chunk[];
  /** The values of new chunks, by name. */
  puts: Map<string, Buffer>;
  floor: RecentPlace | undefined;
}

/**
 * The chunks of a window with entries added. The last chunk grows until it is full. Chunks that are older than `since`, or
 * that exceed `entriesMax`, leave. The floor rises to the newest entry that is left out.
 */
export async function extendWindow(
  base: Window,
  fresh: readonly RecentEntry[],
  options: { from: ChunkValues; since: number; entriesMax: number },
): Promise<Packed & { deletes: string[] }> {
  const { from, since } = options;
  let floor = base.state.floor ?? undefined;
  for (const { at, index } of fresh) if (at <= since) floor = later(floor, { at, index });
  const bottom = floor;
  const kept = fresh.filter((entry) => !bottom || comparePlaces(entry, bottom) > 0);
  const chunks = [...base.chunks.values()];
  const deletes: string[] = [];
  const open = chunks.at(-1);
  if (open && open.count < chunkEntriesMax && kept.length > 0) {
    const entries = open.entries ?? (await from.load([open]))?.[0];
    if (entries) {
      kept.unshift(...entries);
      chunks.pop();
      deletes.push(from.chunkName(open.id));
    }
  }
  const puts = await packAll(kept, { from, add: (chunk) => chunks.push(chunk) });
  let count = chunks.reduce((sum, chunk) => sum + chunk.count, 0);
  for (const chunk of [...chunks].sort((a, b) => comparePlaces(a.greatest, b.greatest))) {
    const aged = chunk.greatest.at <= since || (floor && comparePlaces(chunk.greatest, floor) <= 0);
    if (!aged && count - chunk.count < options.entriesMax) break;
    floor = later(floor, chunk.greatest);
    count -= chunk.count;
    chunks.splice(chunks.indexOf(chunk), 1);
    if (!puts.delete(from.chunkName(chunk.id))) deletes.push(from.chunkName(chunk.id));
  }
  return { chunks, puts, deletes, floor };
}

/** Chunks of the newest entries of a ledger; the last one is the newest and the one that grows. */
export async function packNewest(
  ledger: LedgerRow,
  options: {
    from: ChunkValues;
    source: RecentSource;
    wanted: { size: number; limit: number; since: number };
  },
): Promise<Packed & { count: number }> {
  const chunks: Chunk[] = [];
  const puts = new Map<string, Buffer>();
  let count = 0;
  const floor = await options.source.newest(ledger, options.wanted, async (entries) => {
    const add = (chunk: Chunk): void => void chunks.unshift(chunk);
    for (const [name, value] of await packAll(entries, { from: options.from, add })) puts.set(name, value);
    count += entries.length;
  });
  return { chunks, puts, floor, count };
}

async function packAll(
  entries: readonly RecentEntry[],
  options: { from: ChunkValues; add: (chunk: Chunk) => void },
): Promise<Map<string, Buffer>> {
  const puts = new Map<string, Buffer>();
  for (let first = 0; first < entries.length; first += chunkEntriesMax) {
    const { chunk, value } = await options.from.pack(entries.slice(first, first + chunkEntriesMax));
    options.add(chunk);
    puts.set(options.from.chunkName(chunk.id), value);
  }
  return puts;
}
