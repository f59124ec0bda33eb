import type { Redis } from 'ioredis';
import type { KeyStore, Swap } from './key-store.ts';

export interface RedisOptions {
  /** redis:// or rediss://; a path such as /1 chooses the database. */
  url: string;
  /** Used when the URL names no database. */
  database: number;
  onConnected: () => void;
  onError: (error: Error) => void;
}

/** A read that takes longer is given up, because PostgreSQL answers faster. */
const loadWithinMs = 100;
/** A write carries a whole window of entries, so it may take longer than a read. */
const swapWithinMs = 2_000;
const connectWithinMs = 2_000;
const reconnectAfterMsMax = 500;
const scannedKeys = 500;

/** Compares and writes in one step. Redis runs no other command in between. */
const swapScript = `
local found = redis.call('GET', KEYS[1])
if (found or '') ~= ARGV[1] then return 0 end
local puts = tonumber(ARGV[3])
for i = 1, puts do redis.call('SET', KEYS[i + 1], ARGV[i + 3], 'PX', ARGV[2]) end
for i = puts + 2, #KEYS do redis.call('UNLINK', KEYS[i]) end
return 1`;

/**
 * Keys in Redis 6 or newer. It connects and reconnects by itself. Without a connection each call fails at once. Only keys
 * with the given names or prefix are touched, so others may use the same database.
 */
export async function connectRedis(options: RedisOptions): Promise<KeyStore> {
  // Imported only when Redis is used: its `class … extends String` makes work with texts in the whole process some 40 %
  // slower (V8 13).
  const { Redis } = await import('ioredis');
  const client = new Redis(options.url, {
    ...(/^\/\d+$/.test(new URL(options.url).pathname) ? {} : { db: options.database }),
    connectTimeout: connectWithinMs,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    autoResendUnfulfilledCommands: false,
    retryStrategy: (times) => Math.min(times * 50, reconnectAfterMsMax),
  });
  client.on('error', options.onError);
  client.on('ready', options.onConnected);
  return {
    kind: 'redis',
    load: (names) => load(client, names),
    swap: (change) => swap(client, change),
    clear: (prefix) => clear(client, prefix),
    measure: (prefix) => measure(client, prefix),
    close() {
      client.disconnect();
      return Promise.resolve();
    },
  };
}

async function load(client: Redis, names: readonly string[]): Promise<(Buffer | undefined)[]> {
  const values = await within(loadWithinMs, client.mgetBuffer(...names));
  return values.map((value) => value ?? undefined);
}

async function swap(client: Redis, { name, expected, puts, deletes, ttlMs }: Swap): Promise<boolean> {
  const keys = [name, ...puts.keys(), ...deletes];
  const answer = await within(
    swapWithinMs,
    client.eval(
      swapScript,
      keys.length,
      ...keys,
      expected ?? '',
      Math.ceil(ttlMs),
      puts.size,
      ...puts.values(),
    ),
  );
  return answer === 1;
}

async function clear(client: Redis, prefix: string): Promise<number> {
  let cleared = 0;
  for await (const names of keysOf(client, prefix))
    cleared += await within(swapWithinMs, client.unlink(...names));
  return cleared;
}

async function measure(client: Redis, prefix: string): Promise<{ keys: number; bytes: number }> {
  const total = { keys: 0, bytes: 0 };
  for await (const names of keysOf(client, prefix)) {
    const pipeline = client.pipeline();
    for (const name of names) pipeline.strlen(name);
    const lengths = (await within(swapWithinMs, pipeline.exec())) ?? [];
    total.keys += names.length;
    total.bytes += lengths.reduce((sum, [, length]) => sum + Number(length ?? 0), 0);
  }
  return total;
}

/** The names that begin with `prefix`, page by page. */
async function* keysOf(client: Redis, prefix: string): AsyncGenerator<Buffer[]> {
  const pattern = `${prefix.replaceAll(/[*?[\]\\]/g, String.raw`\$&`)}*`;
  let cursor = '0';
  do {
    const [next, names] = await within(
      swapWithinMs,
      client.scanBuffer(cursor, 'MATCH', pattern, 'COUNT', scannedKeys),
    );
    if (names.length > 0) yield names;
    cursor = next.toString();
  } while (cursor !== '0');
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    const giveUp = (): void => reject(new Error(`Redis did not answer within ${ms} ms`));
    // When this process itself was busy, the answer may have arrived already: two turns let it be read first.
    timer = setTimeout(() => setImmediate(() => setImmediate(giveUp)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
