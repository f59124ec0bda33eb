import type { KeyStore } from './key-store.ts';

export interface MemoryKeysOptions {
  clock: () => number;
  /** Beyond this, the values that were written longest ago are removed first. */
  bytesMax: number;
}

/** The store of keys in the process's memory, for installations without Redis. Its content ends with the process. */
export function createMemoryKeys({ clock, bytesMax }: MemoryKeysOptions): KeyStore {
  const entries = new Map<string, { value: Buffer; until: number }>();
  let bytes = 0;
  const remove = (name: string): void => {
    const entry = entries.get(name);
    if (!entry) return;
    bytes -= entry.value.length;
    entries.delete(name);
  };
  const read = (name: string): Buffer | undefined => {
    const entry = entries.get(name);
    if (entry && entry.until <= clock()) remove(name);
    return entries.get(name)?.value;
  };
  const namesOf = (prefix: string): string[] => [...entries.keys()].filter((name) => name.startsWith(prefix));
  return {
    kind: 'memory',
    load: (names) => Promise.resolve(names.map(read)),
    swap({ name, expected, puts, deletes, ttlMs }) {
      const current = read(name);
      const same = current && expected ? current.equals(expected) : current === expected;
      if (!same) return Promise.resolve(false);
      for (const deleted of deletes) remove(deleted);
      for (const [put, value] of puts) {
        remove(put);
        entries.set(put, { value, until: clock() + ttlMs });
        bytes += value.length;
      }
      for (const oldest of entries.keys()) {
        if (bytes <= bytesMax) break;
        remove(oldest);
      }
      return Promise.resolve(true);
    },
    clear(prefix) {
      const names = namesOf(prefix);
      names.forEach(remove);
      return Promise.resolve(names.length);
    },
    measure(prefix) {
      const names = namesOf(prefix);
      const sum = names.reduce((total, name) => total + (entries.get(name)?.value.length ?? 0), 0);
      return Promise.resolve({ keys: names.length, bytes: sum });
    },
    close: () => Promise.resolve(),
  };
}
