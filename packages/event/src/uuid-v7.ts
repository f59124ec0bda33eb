const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const COUNTER_MAX = 0xfff;
const hexOf = Array.from({ length: 256 }, (_, byte) => (byte + 256).toString(16).slice(1));

/** Fills the bytes with randomness, as `globalThis.crypto` does. */
export type RandomSource = { getRandomValues(bytes: Uint8Array<ArrayBuffer>): unknown };

/**
 * Makes a source of UUIDv7 (RFC 9562) whose ids only grow. Within a millisecond, and when the clock steps back, a 12-bit
 * counter grows from a random start (method 1). When the counter is full, the ids use the next millisecond.
 */
export function createUuidV7Source(
  options: { readonly clock?: () => number; readonly random?: RandomSource } = {},
): () => string {
  const clock = options.clock ?? Date.now;
  const random = options.random ?? globalThis.crypto;
  // The random source is called once for 256 ids, because one call takes more time than all the rest.
  const pool = new Uint8Array(256 * 10);
  let used = pool.length;
  let lastMs = -1;
  let counter = 0;
  let shownMs = -1;
  let shown = '';
  return () => {
    if (used === pool.length) {
      random.getRandomValues(pool);
      used = 0;
    }
    const start = used;
    used += 10;
    const nowMs = clock();
    if (nowMs > lastMs) {
      lastMs = nowMs;
      // The top bit stays clear, so that at least 2,048 ids fit into a millisecond.
      counter = (((pool[start + 8] ?? 0) << 8) | (pool[start + 9] ?? 0)) & 0x7ff;
    } else if (++counter > COUNTER_MAX) {
      lastMs += 1;
      counter = (pool[start + 9] ?? 0) & 0xff;
    }
    // Most ids of a busy host share their millisecond with the one before.
    if (shownMs !== lastMs) {
      shownMs = lastMs;
      shown = timePart(lastMs);
    }
    return `${shown}${(counter + 0x1000).toString(16).slice(1)}-${randomPart(pool, start)}`;
  };
}

/** One UUIDv7 of `nowMs` (Unix milliseconds), unordered within its millisecond. */
export function uuidV7(nowMs: number = Date.now(), random: RandomSource = globalThis.crypto): string {
  return createUuidV7Source({ clock: () => nowMs, random })();
}

/** Whether `text` is a UUIDv7 in lower case. */
export function isUuidV7(text: string): boolean {
  return UUID_V7.test(text);
}

/** The Unix milliseconds within a UUIDv7. */
export function uuidV7TimeMs(id: string): number {
  return Number.parseInt(id.slice(0, 8) + id.slice(9, 13), 16);
}

function timePart(ms: number): string {
  const time = ms.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7`;
}

function randomPart(pool: Uint8Array, start: number): string {
  let tail = '';
  for (let i = 0; i < 8; i++) {
    const byte = pool[start + i] ?? 0;
    tail += hexOf[i === 0 ? (byte & 0x3f) | 0x80 : byte] ?? '';
    if (i === 1) tail += '-';
  }
  return tail;
}
