import type { RecentVariables } from '../recent/index.ts';
import type { SettingReader } from './setting-reader.ts';

/** Part of the table of settings. */
export const recentSettingTable = {
  recent: {
    variable: 'BITACORA_RECENT',
    fallback: 'on',
    about: 'Whether the newest entries are held in Redis or memory: on or off',
  },
  redisUrl: {
    variable: 'BITACORA_REDIS_URL',
    fallback: '',
    about:
      'redis://login:password@host:6379/1 for the newest entries; absent: REDIS_HOST, else inside the process',
  },
  redisHost: {
    variable: 'REDIS_HOST',
    fallback: '',
    about: 'Host of Redis when BITACORA_REDIS_URL is not set',
  },
  redisPort: { variable: 'REDIS_PORT', fallback: '6379', about: 'Port of REDIS_HOST' },
  redisDatabase: {
    variable: 'REDIS_DB_LOGS',
    fallback: '1',
    about: 'Number of the database in Redis when the URL has none',
  },
  recentDays: {
    variable: 'BITACORA_RECENT_DAYS',
    fallback: '',
    about:
      'Days after which an entry is not held among the newest; absent: 7, or the days that packs declare',
  },
  recentEntriesMaxPerKey: {
    variable: 'BITACORA_RECENT_ENTRIES_MAX_PER_KEY',
    fallback: '',
    about:
      'Newest entries held per key of an index, such as a client; absent: 1000, or what the packs ask for',
  },
  recentEntriesMax: {
    variable: 'BITACORA_RECENT_ENTRIES_MAX',
    fallback: '20000',
    about: 'Newest entries held per ledger',
  },
} as const;

type SettingName = keyof typeof recentSettingTable;

/** @throws AuditError invalid_parameter naming the variable */
export function readRecent({ text, number, refuse }: SettingReader<SettingName>): RecentVariables {
  if (!['on', 'off'].includes(text('recent'))) refuse('recent', 'must be on or off');
  const redisUrl = text('redisUrl') || undefined;
  if (redisUrl !== undefined && !(URL.canParse(redisUrl) && /^rediss?:\/\//.test(redisUrl)))
    refuse('redisUrl', 'must read redis://login:password@host:6379/1');
  const set = (name: 'recentDays' | 'recentEntriesMaxPerKey', most: number): number | undefined =>
    text(name) === '' ? undefined : number(name, 1, most);
  return {
    on: text('recent') === 'on',
    redisUrl,
    redisHost: text('redisHost') || undefined,
    redisPort: number('redisPort', 1, 65_535),
    redisDatabase: number('redisDatabase', 0, 1_000),
    days: set('recentDays', 90),
    entriesMaxPerKey: set('recentEntriesMaxPerKey', 100_000),
    entriesMax: number('recentEntriesMax', 100, 200_000),
  };
}
