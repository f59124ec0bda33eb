/**
 * Counts equal rows: the first is 0, the next 1. It keeps 53 bits of each row's hash in an open-addressed table, 12 to 40
 * bytes for each row. Two different rows with the same 53 bits are counted as equal; their ordinals are the same in every run.
 */
export function createRowOrdinals(): (hash: Buffer) => number {
  let capacity = 1 << 16;
  let keys = new Float64Array(capacity);
  let counts = new Uint32Array(capacity);
  let used = 0;

  function slotOf(key: number): number {
    let slot = key % capacity;
    while (counts[slot] !== 0 && keys[slot] !== key) slot = (slot + 1) % capacity;
    return slot;
  }

  function grow(): void {
    const oldKeys = keys;
    const oldCounts = counts;
    capacity *= 2;
    keys = new Float64Array(capacity);
    counts = new Uint32Array(capacity);
    oldCounts.forEach((count, old) => {
      if (count === 0) return;
      const key = oldKeys[old] ?? 0;
      const slot = slotOf(key);
      keys[slot] = key;
      counts[slot] = count;
    });
  }

  return (hash) => {
    const key = hash.readUIntBE(0, 6) * 32 + (hash.readUInt8(6) & 31);
    const slot = slotOf(key);
    const before = counts[slot] ?? 0;
    keys[slot] = key;
    counts[slot] = before + 1;
    if (before === 0 && ++used * 2 > capacity) grow();
    return before;
  };
}
