/** A set of UUIDs that takes 24 bytes for each: 96 bits of it, in a table that is at most half full. */
export interface IdSet {
  /** Adds an id of 32 hexadecimal digits and four dashes; false when the set had it already. */
  add(id: string): boolean;
  size(): number;
}

const wordsPerId = 3;

export function createIdSet(): IdSet {
  let capacity = 1_024;
  let table = new Uint32Array(capacity * wordsPerId);
  let size = 0;

  /** The slot of these words, or the empty slot where they belong. */
  const slotOf = (a: number, b: number, c: number): number => {
    for (let slot = (a ^ b) & (capacity - 1); ; slot = (slot + 1) & (capacity - 1)) {
      const at = slot * wordsPerId;
      if (isEmpty(at) || (table[at] === a && table[at + 1] === b && table[at + 2] === c)) return at;
    }
  };
  const isEmpty = (at: number): boolean => table[at] === 0 && table[at + 1] === 0 && table[at + 2] === 0;
  const put = (at: number, a: number, b: number, c: number): void => {
    table[at] = a;
    table[at + 1] = b;
    table[at + 2] = c;
  };
  const grow = (): void => {
    const old = table;
    capacity *= 2;
    table = new Uint32Array(capacity * wordsPerId);
    for (let at = 0; at < old.length; at += wordsPerId) {
      const [a = 0, b = 0, c = 0] = old.subarray(at, at + wordsPerId);
      if (a !== 0 || b !== 0 || c !== 0) put(slotOf(a, b, c), a, b, c);
    }
  };
  return {
    add(id) {
      const digits = id.replaceAll('-', '');
      const word = (n: number): number => Number.parseInt(digits.slice(n * 8, n * 8 + 8), 16) >>> 0;
      // The second word of a UUIDv7 holds its version and its finest milliseconds, the last two are random.
      const [a, b, c] = [(word(0) ^ word(1)) >>> 0, word(2), word(3)];
      const at = slotOf(a, b, c);
      if (!isEmpty(at)) return false;
      put(at, a, b, c);
      size += 1;
      if (size * 2 > capacity) grow();
      return true;
    },
    size: () => size,
  };
}
