/** Sets an entry of a map that is to have at most so many: a new key in a full map drops the oldest entry. */
export function setBounded<Key, Value>(
  map: Map<Key, Value>,
  entriesMax: number,
  { key, value }: { readonly key: Key; readonly value: Value },
): void {
  // A Map keeps its keys in the order in which they were added: one that is set again becomes the newest.
  map.delete(key);
  for (const oldest of map.keys()) {
    if (map.size < entriesMax) break;
    map.delete(oldest);
  }
  map.set(key, value);
}
