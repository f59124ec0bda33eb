/** Sets an entry of a map with a limit of entries. A new key in a full map drops the oldest entry. */
export function setBounded<Key, Value>(
  map: Map<Key, Value>,
  entriesMax: number,
  { key, value }: { readonly key: Key; readonly value: Value },
): void {
  // A Map keeps its keys in the order in which they were added, so a key is deleted first to become the newest.
  map.delete(key);
  for (const oldest of map.keys()) {
    if (map.size < entriesMax) break;
    map.delete(oldest);
  }
  map.set(key, value);
}
