import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { AnyPack } from '@bitacora/pack-kit';
import { createActivityLog } from './activity-log.ts';
import { createRecent, type Recent } from './recent.ts';
import { createRecentSource } from './database-source.ts';
import { createRecentPages } from './recent-page.ts';
import type { RecentSource } from './recent-source.ts';
import type { PageSource, ReadContext } from '../read/index.ts';
import { connectRedis, createMemoryKeys, type DataDirectory } from '../storage/index.ts';
import { recentSettings, redisPlace, type RecentVariables } from './recent-settings.ts';

/** Memory of this process that recent may use when there is no Redis. */
const memoryBytesMax = 64 * 1024 * 1024;

export interface RecentStore {
  readonly recent: Recent;
  readonly source: RecentSource;
  readonly pages: PageSource;
}

/** The recent store that the settings ask for, or none. */
export async function openRecent(
  context: ReadContext,
  options: {
    settings: RecentVariables;
    packs: readonly AnyPack[];
    directory: DataDirectory;
  },
): Promise<RecentStore | undefined> {
  const { settings, directory } = options;
  if (!settings.on) return undefined;
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
        // Each attempt to connect fails; only the first failure is logged.
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
    // Servers of one installation share its secret, and so the entries that recent holds.
    installation: createHash('sha256').update(secret).update('recent').digest('hex').slice(0, 12),
    settings: recentSettings(settings, options.packs),
    activity,
    clock,
  });
  return {
    recent,
    source,
    pages: createRecentPages({ recent, source, turns: context.turns, clock }),
  };
}
