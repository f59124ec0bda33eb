import type { AnyPack } from '@bitacora/pack-kit';

/** What the environment says of recent. */
export interface RecentVariables {
  on: boolean;
  redisUrl: string | undefined;
  redisHost: string | undefined;
  redisPort: number;
  redisDatabase: number;
  /** Undefined: as the packs ask. */
  days: number | undefined;
  entriesMaxPerKey: number | undefined;
  entriesMax: number;
}

/** What recent holds; indexes and days are data that packs give. */
export interface RecentSettings {
  /** Each a list of fields, by the names of filters: `[['subject'], ['subject', 'attributes.period']]`. */
  indexes: readonly (readonly string[])[];
  /** Older entries leave. */
  days: number;
  /** Newest entries of each key of an index. */
  entriesMaxPerKey: number;
  /** Newest entries of a ledger. */
  entriesMaxPerLedger: number;
}

/** Lists of packs name their actions: they are looked at without reading the entry. */
export const fieldAlwaysHeld = 'action';
export const dayMs = 86_400_000;

/** Where recent is kept; undefined: inside the process. */
export interface RedisPlace {
  url: string;
  database: number;
}

/** What recent holds in this deployment: indexes and days are those of all packs, limits the operator's where set. */
export function recentSettings(settings: RecentVariables, packs: readonly AnyPack[]): RecentSettings {
  const declared = packs.flatMap((pack) => pack.recent ?? []);
  const most = (values: readonly (number | undefined)[], otherwise: number): number => {
    const given = values.filter((value) => value !== undefined);
    return given.length === 0 ? otherwise : Math.max(...given);
  };
  const lists = new Map(
    declared.flatMap((one) => one.indexes ?? []).map((fields) => [fields.join(), fields]),
  );
  return {
    indexes: [...lists.values()],
    days:
      settings.days ??
      most(
        declared.map((one) => one.days),
        daysHeld,
      ),
    entriesMaxPerKey:
      settings.entriesMaxPerKey ??
      most(
        declared.map((one) => one.entriesMaxPerKey),
        entriesHeldPerKey,
      ),
    entriesMaxPerLedger: settings.entriesMax,
  };
}

const daysHeld = 7;
const entriesHeldPerKey = 1_000;

/** The Redis that the settings name. */
export function redisPlace(settings: RecentVariables): RedisPlace | undefined {
  const { redisUrl, redisHost, redisPort, redisDatabase } = settings;
  if (redisUrl !== undefined) return { url: redisUrl, database: redisDatabase };
  if (redisHost === undefined) return undefined;
  const host = redisHost.includes(':') ? `[${redisHost}]` : redisHost;
  return { url: `redis://${host}:${redisPort}`, database: redisDatabase };
}
