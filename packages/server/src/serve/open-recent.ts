import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { AnyPack } from '@bitacora/pack-kit';
import type { LedgerRow, Ledgers } from '../ledger/index.ts';
import { createActivityLog, createRecent, type Recent } from '../projections/index.ts';
import { createRecentSource, type ReadContext } from '../read/index.ts';
import { connectRedis, createMemoryKeys, type DataDirectory } from '../storage/index.ts';
import { recentSettings, redisPlace } from './recent-settings.ts';
import type { Settings } from './settings.ts';

/** Held in the process where there is no Redis. */
const memoryBytesMax = 64 * 1024 * 1024;

/** The recent store that the settings ask for, or none. */
export async function openRecent(
  context: ReadContext,
  options: {
    settings: Settings['recent'];
    packs: readonly AnyPack[];
    directory: DataDirectory;
  },
): Promise<Pick<ReadContext, 'recent' | 'recentSource'>> {
  const { settings, directory } = options;
  if (!settings.on) return {};
  const { clock } = context;
  const activity = createActivityLog(join(directory.path, 'logs', 'redis_activity.log'), clock);
  const redis = redisPlace(settings);
  let lost = false;
  const store = redis
    ? await connectRedis({
        ...redis,
        onConnected: () => {
          lost = false;
          activity.info('connected to Redis');
        },
        // Each attempt fails; that it is gone is told once.
        onError: (error) => {
          if (!lost) activity.error('Redis cannot be reached', error);
          lost = true;
        },
      })
    : createMemoryKeys({ clock, bytesMax: memoryBytesMax });
  const secret = directory.secret('master');
  const source = createRecentSource(context);
  const recent: Recent = createRecent({
    store,
    source,
    secret,
    // Servers of one installation share its secret, and so what they hold.
    installation: createHash('sha256').update(secret).update('recent').digest('hex').slice(0, 12),
    settings: recentSettings(settings, options.packs),
    activity,
    clock,
  });
  return { recent, recentSource: source };
}

/** Ledgers that tell of each append once it is committed. */
export function telling(ledgers: Ledgers, appended: (ledger: LedgerRow, count: number) => void): Ledgers {
  return {
    ...ledgers,
    async append(ledger, events, options) {
      const results = await ledgers.append(ledger, events, options);
      appended(ledger, events.length);
      return results;
    },
  };
}
