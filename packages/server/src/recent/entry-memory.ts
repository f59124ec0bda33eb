import type { Chunk } from './window.ts';

/** Chunks whose entries are in memory. The entries of the chunk that was used longest ago leave first. */
export interface EntryMemory {
  used(chunk: Chunk): void;
}

/** About 3 kB each with common events. */
const entriesMax = 20_000;

export function createEntryMemory(): EntryMemory {
  const chunks = new Set<Chunk>();
  let entries = 0;
  return {
    used(chunk) {
      if (!chunk.entries) return;
      if (chunks.delete(chunk)) entries -= chunk.count;
      chunks.add(chunk);
      entries += chunk.count;
      for (const oldest of chunks) {
        if (entries <= entriesMax || oldest === chunk) break;
        oldest.entries = undefined;
        chunks.delete(oldest);
        entries -= oldest.count;
      }
    },
  };
}
