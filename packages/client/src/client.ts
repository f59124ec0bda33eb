import { createDirectoryApi, type DirectoryApi } from './directory-api.ts';
import { createEventsApi, type EventsApi } from './events-api.ts';
import { createHealthApi, type HealthApi } from './health-api.ts';
import { createKeysApi, type KeysApi } from './keys-api.ts';
import { createLedgersApi, type LedgersApi } from './ledgers-api.ts';
import { createPacksApi, type PacksApi } from './packs-api.ts';
import { createRecentApi, type RecentApi } from './recent-api.ts';
import { createProjectionsApi, type ProjectionsApi } from './projections-api.ts';
import { createRetentionApi, type RetentionApi } from './retention-api.ts';
import { createTenantsApi, type TenantsApi } from './tenants-api.ts';
import { createTlogApi, type TlogApi } from './tlog-api.ts';
import { createUsersApi, type UsersApi } from './users-api.ts';
import { createTransport, type ClientOptions } from './transport.ts';

export interface Client {
  readonly events: EventsApi;
  readonly tlog: TlogApi;
  readonly keys: KeysApi;
  readonly ledgers: LedgersApi;
  readonly tenants: TenantsApi;
  readonly directory: DirectoryApi;
  readonly users: UsersApi;
  readonly health: HealthApi;
  readonly packs: PacksApi;
  readonly recent: RecentApi;
  readonly projections: ProjectionsApi;
  readonly retention: RetentionApi;
}

/**
 * A server's HTTP API as functions. Nothing is sent before a function is called, and only the connection of the tail is tried
 * again after a failure. Throws TypeError when the URL is not valid.
 */
export function createClient(options: ClientOptions): Client {
  const transport = createTransport(options);
  return Object.freeze({
    events: createEventsApi(transport),
    tlog: createTlogApi(transport),
    keys: createKeysApi(transport),
    ledgers: createLedgersApi(transport),
    tenants: createTenantsApi(transport),
    directory: createDirectoryApi(transport),
    users: createUsersApi(transport),
    health: createHealthApi(transport),
    packs: createPacksApi(transport),
    recent: createRecentApi(transport),
    projections: createProjectionsApi(transport),
    retention: createRetentionApi(transport),
  });
}
