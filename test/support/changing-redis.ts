import { startFaultProxy } from './fault-proxy.ts';
import { runRedis, type RunningRedis } from './run-redis.ts';

/** `halved`: half of its keys are gone. */
export type RedisState = 'on' | 'killed' | 'slow' | 'flushed' | 'halved';

/** The states in their order, which begins again at the end; `slow` and `killed` each come once while the server uses Redis. */
const turns: readonly RedisState[] = [
  'on',
  'halved',
  'flushed',
  'killed',
  'slow',
  'on',
  'flushed',
  'halved',
  'slow',
  'killed',
];

export interface ChangingRedis {
  /** URL of the proxy in front of Redis. */
  port: number;
  redis: RunningRedis;
  become(state: RedisState): Promise<void>;
  /** The next state. */
  next(): Promise<RedisState>;
  close(): Promise<void>;
}

/** This is longer than the server waits for a command. */
const slowMs = 1_000;

/** A real Redis behind a proxy, which is emptied, killed and made slow in turn. */
export async function startChangingRedis(): Promise<ChangingRedis> {
  const redis = await runRedis();
  const proxy = await startFaultProxy({ port: redis.port });
  let state: RedisState = 'on';
  let turn = 0;
  const become = async (wanted: RedisState): Promise<void> => {
    if (state === 'killed' && wanted !== 'killed') {
      await redis.restart();
      proxy.open();
    }
    proxy.set(wanted === 'slow' ? { delayMs: slowMs } : {}, { now: true });
    if (wanted === 'killed' && state !== 'killed') {
      await redis.kill();
      proxy.cut();
    }
    if (wanted === 'flushed') await redis.client().run('FLUSHALL');
    if (wanted === 'halved') {
      const half = (await redis.client().names('*')).filter((_, position) => position % 2 === 0);
      if (half.length > 0) await redis.client().run('DEL', ...half);
    }
    state = wanted;
  };
  return {
    port: proxy.port,
    redis,
    become,
    async next() {
      turn = (turn + 1) % turns.length;
      await become(turns[turn] ?? 'on');
      return state;
    },
    async close() {
      await proxy.close();
      await redis.close();
    },
  };
}
