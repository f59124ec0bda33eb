import type { AnyPack } from '@bitacora/pack-kit';

/** Settings of recent from the environment. */
export interface RecentVariables {
  on: boolean;
  redisUrl: string | undefined;
  redisHost: string | undefined;
  redisPort: number;
  redisDatabase: number;
  /** Undefined: the days that the packs declare. */
  days: number | undefined;
  entriesMaxPerKey: number | undefined;
  entriesMax: number;
}

/** Which entries recent holds. Packs declare indexes and days. */
export interface RecentSettings {
  /** Each a list of fields, by the names of filters: `[['subject'], ['subject', 'attributes.period']]`. */
  indexes: readonly (readonly string[])[];
  /** Older entries are not held. */
  days: number;
  /** How many of the newest entries each key of an index holds. */
  entriesMaxPerKey: number;
  /** How many of the newest entries of a ledger are held. */
  entriesMaxPerLedger: number;
}

/** Every list of a pack filters by actions, so the action of an entry is always held in memory. */
export const fieldAlwaysHeld = 'action';
export const dayMs = 86_400_000;

/** The Redis in which recent is kept; undefined when it is kept in the process. */
export interface RedisPlace {
  url: string;
  database: number;
}

/** Settings of this deployment: indexes and days from all packs; limits that the operator sets come first. */
export function recentSettings(settings: RecentVariables, packs: readonly AnyPack[]): RecentSettings {
  const declared = packs.flatMap((pack) => pack.recent ?? []);
  const greatest = (values: readonly (number | undefined)[], otherwise: number): number => {
    const present = values.filter((value) => value !== undefined);
    return present.length === 0 ? otherwise : Math.max(...present);
  };
  const lists = new Map(
    declared
      .flatMap((settingsOfPack) => settingsOfPack.indexes ?? [])
      .map((fields) => [fields.join(), fields]),
  );
  return {
    indexes: [...lists.values()],
    days:
      settings.days ??
      greatest(
        declared.map((settingsOfPack) => settingsOfPack.days),
        daysHeld,
      ),
    entriesMaxPerKey:
      settings.entriesMaxPerKey ??
      greatest(
        declared.map((settingsOfPack) => settingsOfPack.entriesMaxPerKey),
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
