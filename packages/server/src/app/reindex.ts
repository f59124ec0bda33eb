import { createTenants } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import { createLedgers } from '../ledger/index.ts';
import { createPostings, follow, rebuild } from '../projections/index.ts';
import { openDataDirectory, openStorage, type Database } from '../storage/index.ts';
import type { Settings } from '../settings/index.ts';

/** A server writes a row every two seconds, so one with a row of this age may still be at work. */
const atWorkWithinSeconds = 10;

/**
 * Makes the search index of every ledger anew from the entries, and calls `onDone` after each. Servers keep parts of the
 * index in memory, so none may be at work. @throws AuditError unavailable while one is
 */
export async function reindex(
  settings: Settings,
  onDone: (line: { ledger: string; entries: number }) => void,
): Promise<void> {
  const directory = openDataDirectory(settings.dataDirectory);
  try {
    const { databaseUrl, databasePooler, segmentEntriesMax, segmentAgeHoursMax } = settings;
    const onError = (): void => undefined;
    const storage = await openStorage({ databaseUrl, databasePooler, directory, onError });
    try {
      const { database } = storage;
      await refuseServers(database);
      const tenants = createTenants({ database, origin: settings.origin, clock: Date.now });
      const segmentLimits = { entriesMax: segmentEntriesMax, ageMaxMs: segmentAgeHoursMax * 3_600_000 };
      const ledgers = createLedgers({ database, directory, segmentLimits });
      const cacheBytesMax = settings.cacheMegabytesMax * 1024 * 1024;
      const projection = createPostings({ database, ledgers, cacheBytesMax });
      const options = { database, projection, holder: `reindex/${process.pid}` };
      for (const ledger of await tenants.allLedgers()) {
        await rebuild(ledger, options);
        const entries = await follow(ledger, options);
        if (entries === undefined)
          throw new AuditError('unavailable', {
            operatorText: 'a server has begun to index as well: stop it',
          });
        onDone({ ledger: ledger.name, entries });
      }
    } finally {
      await storage.close();
    }
  } finally {
    directory.close();
  }
}

async function refuseServers(database: Database): Promise<void> {
  const { rows } = await database.plain((client) =>
    client.query<{ server: string }>(
      'select server from heartbeat where at > now() - make_interval(secs => $1) order by at desc limit 1',
      [atWorkWithinSeconds],
    ),
  );
  const [heartbeat] = rows;
  if (!heartbeat) return;
  throw new AuditError('unavailable', {
    operatorText: `the server ${heartbeat.server} was at work within the last ${atWorkWithinSeconds} seconds: stop all servers of this database, then try again`,
  });
}
