import type { KeyStore } from './key-store.ts';

export interface MemoryKeysOptions {
  clock: () => number;
  /** Beyond, what was written longest ago goes first. */
  bytesMax: number;
}

/** The store of keys inside the process, for installations without Redis: the same promises, lost at the end. */
export function createMemoryKeys({ clock, bytesMax }: MemoryKeysOptions): KeyStore {
  const held = new Map<string, { value: Buffer; until: number }>();
  let bytes = 0;
  const remove = (name: string): void => {
    const found = held.get(name);
    if (!found) return;
    bytes -= found.value.length;
    held.delete(name);
  };
  const read = (name: string): Buffer | undefined => {
    const found = held.get(name);
    if (found && found.until <= clock()) remove(name);
    return held.get(name)?.value;
  };
  const namesOf = (prefix: string): string[] => [...held.keys()].filter((name) => name.startsWith(prefix));
  return {
    kind: 'memory',
    load: (names) => Promise.resolve(names.map(read)),
    swap({ name, expected, puts, deletes, ttlMs }) {
      const found = read(name);
      const same = found && expected ? found.equals(expected) : found === expected;
      if (!same) return Promise.resolve(false);
      for (const gone of deletes) remove(gone);
      for (const [put, value] of puts) {
        remove(put);
        held.set(put, { value, until: clock() + ttlMs });
        bytes += value.length;
      }
      for (const oldest of held.keys()) {
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
      const sum = names.reduce((total, name) => total + (held.get(name)?.value.length ?? 0), 0);
      return Promise.resolve({ keys: names.length, bytes: sum });
    },
    close: () => Promise.resolve(),
  };
}
