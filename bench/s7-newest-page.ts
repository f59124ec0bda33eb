import { createEventSource } from './support/real-events.ts';
import { timeInServer } from './support/large-set.ts';
import { percentile, type SpeedPromise } from './support/promise.ts';
import type { RedisClient } from '../test/support/redis-client.ts';
import { runRedis } from '../test/support/run-redis.ts';
import { startTestServer, type TestServer } from '../test/support/test-server.ts';
import { waitUntil } from '../test/support/wait-until.ts';

const events = 10_000;
const batch = 500;
const reads = 2_000;
const page = '/v1/events?limit=50';

/** S7: the newest page from Redis and from the memory of the process, compared with PostgreSQL's answer. */
export const newestPage: SpeedPromise = {
  id: 'S7',
  title: 'newest page from the recent store',
  cost: '100 MB of disk, half a minute, redis-server',
  async measure({ say }) {
    const redis = await runRedis();
    const server = await startTestServer({ BITACORA_LOG_LEVEL: 'error' });
    try {
      const now = Date.now();
      const next = createEventSource(7, { startMs: now - 3 * 86_400_000, spacingMs: 20_000 });
      for (let sent = 0; sent < events; sent += batch) await server.send(Array.from({ length: batch }, next));
      const timesWith = async (environment: Record<string, string>, source: string): Promise<number[]> => {
        await server.stop();
        await server.restart(environment);
        await warm(server, source);
        const times: number[] = [];
        for (let read = 0; read < reads; read++) times.push((await timeInServer(server, page)).ms);
        const half = times.slice(reads / 2);
        say(`${source}, ${Object.keys(environment).join()}: p50 ${percentile(half, 50).toFixed(3)} ms`);
        return half;
      };
      const postgres = await timesWith({ BITACORA_RECENT: 'off' }, 'postgres');
      const memory = await timesWith({ BITACORA_RECENT: 'on' }, 'recent');
      const shared = await timesWith({ BITACORA_REDIS_URL: redis.url }, 'recent');
      const value = percentile(shared, 50);
      const reference = percentile(postgres, 50);
      return {
        value,
        unit: 'ms',
        reference,
        ratio: value / reference,
        goal: 'p50 <= 0.3 ms in the server',
        holds: value <= 0.3,
        notes: [
          `in the process: p50 ${percentile(memory, 50).toFixed(3)} ms, p95 ${percentile(memory, 95).toFixed(3)} ms`,
          `Redis: p95 ${percentile(shared, 95).toFixed(3)} ms; PostgreSQL: p95 ${percentile(postgres, 95).toFixed(3)} ms`,
          `50 of ${events.toLocaleString('en')} entries; every answer first asks PostgreSQL for the number of entries`,
          await sizeOf(redis.client()),
        ],
      };
    } finally {
      await server.dispose();
      await redis.close();
    }
  },
};

function warm(server: TestServer, source: string): Promise<boolean> {
  return waitUntil(`answers from ${source}`, async () => (await server.json(page)).body.source === source);
}

async function sizeOf(client: RedisClient): Promise<string> {
  const names = await client.names('bitacora:recent:*');
  let bytes = 0;
  for (const name of names) bytes += Number(await client.run('STRLEN', name));
  const used = Number(await client.run('DBSIZE'));
  return `${(bytes / events).toFixed(0)} bytes an entry in ${used} keys of Redis`;
}
