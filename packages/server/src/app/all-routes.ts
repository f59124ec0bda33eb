import { createSecretBox } from '../access/index.ts';
import { openApi, type Route } from '../http/index.ts';
import { createIdempotency, createPackLedgers, createQuota, createSources } from '../ingest/index.ts';
import { loggerRoutes, packRoutes } from '../packs/index.ts';
import { recentRoutes } from '../recent/index.ts';
import {
  checkRoutes,
  directoryRoutes,
  keyRoutes,
  ledgerRoutes,
  eventRoutes,
  healthRoutes,
  pageRoutes,
  peopleRoutes,
  retentionRoutes,
  sourceRoutes,
  treeRoutes,
} from '../routes/index.ts';
import { sessionRoutes } from '../sessions/index.ts';
import { defaultTenant } from './default-tenant.ts';
import type { Core } from './open-core.ts';
import type { OpenPeople } from './open-people.ts';
import { createRetention } from './retention.ts';
import { version } from './version.ts';

/** The table of routes of the whole server. The OpenAPI description shows all of them but the pages. */
export function allRoutes(core: Core, signIn: OpenPeople): Route[] {
  const api = [...apiRoutes(core), ...routesOfPeople(core, signIn)];
  const routes: Route[] = [...api, ...pageRoutes(() => openApi(routes.filter(isDocumented), version))];
  return routes;
}

function isDocumented({ path }: Route): boolean {
  return !path.startsWith('/app');
}

function apiRoutes(core: Core): Route[] {
  const { database, tenants, apiKeys, health, leases, ledgers, ingest, read, packs, records } = core;
  const sources = createSources(database);
  const stages = {
    ingest,
    idempotency: createIdempotency({ database, clock: core.clock }),
    packLedgers: createPackLedgers({ tenants, ingest, packs }),
    sources,
    tenants,
    context: read,
    packs,
    directory: records,
    quota: createQuota(core.settings.quotaEventsPerSecond, core.clock, (tenantId, paths) =>
      core.logger.warn(
        { tenantId, paths },
        'a tenant has sent more paths of attributes today than are remembered',
      ),
    ),
  };
  const projections = [core.rollups, core.sessions];
  const { holder } = leases;
  const retention = createRetention({ database, tenants, ledgers, ingest, projections, holder });
  return [
    ...eventRoutes(stages),
    ...recentRoutes({ tenants, read, store: core.recent }),
    ...sourceRoutes(sources),
    ...sessionRoutes(stages),
    ...loggerRoutes(stages),
    ...packRoutes(stages),
    ...treeRoutes(read, tenants),
    ...checkRoutes(read),
    ...retentionRoutes({ retention, database, tenants, projections, holder }),
    ...keyRoutes({ tenants, apiKeys, ingest }),
    ...ledgerRoutes({ tenants, ingest }),
    ...directoryRoutes(records),
    ...healthRoutes(health),
  ];
}

function routesOfPeople(core: Core, { people, identities, mail, cookie }: OpenPeople): Route[] {
  const { tenants, ingest, settings, directory, clock, logger } = core;
  return peopleRoutes({
    people,
    tenants,
    ingest,
    cookie,
    mail,
    identities,
    oidc: settings.oidc,
    box: createSecretBox(directory.secret('master'), 'provider'),
    defaultTenant,
    clock,
    logger,
  });
}
