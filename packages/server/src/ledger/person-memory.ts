const cachedMax = 100_000;

export interface Memory<Key, Value> {
  set(key: Key, value: Value): void;
  /** The remembered values of `wanted` in a new map that the caller may change, and the keys that have none. */
  look(wanted: Iterable<Key>): { cached: Map<Key, Value>; missing: Key[] };
}

/**
 * Remembers the last 100,000 to 200,000 values. A full map becomes the old one and the old one is dropped, so a value that
 * was just set stays at least until its caller looks.
 */
export function createMemory<Key, Value>(): Memory<Key, Value> {
  let young = new Map<Key, Value>();
  let old = new Map<Key, Value>();
  return {
    set(key, value) {
      if (young.size >= cachedMax) {
        old = young;
        young = new Map();
      }
      young.set(key, value);
    },
    look(wanted) {
      const cached = new Map<Key, Value>();
      const missing: Key[] = [];
      for (const key of wanted) {
        const holder = young.has(key) ? young : old;
        if (holder.has(key)) cached.set(key, holder.get(key) as Value);
        else missing.push(key);
      }
      return { cached, missing };
    },
  };
}
