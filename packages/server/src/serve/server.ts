import { readFileSync } from 'node:fs';
import type { AnyPack } from '@bitacora/pack-kit';
import { pino, type Logger } from 'pino';
import {
  createAccess,
  createApiKeys,
  createDirectory,
  createIdentities,
  createPeople,
  createSecretBox,
  createTenants,
  createViewerTokens,
  scopes,
  type ApiKeys,
  type Tenant,
  type Tenants,
} from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import { createIngest, createPackLedgers, createQuota, createSources, type Ingest } from '../ingest/index.ts';
import { createLedgers } from '../ledger/index.ts';
import { catchUp, createPostings, createRollups, createSessions } from '../projections/index.ts';
import { createLoopTurns } from '../loop-turns.ts';
import type { ReadContext, SessionContext } from '../read/index.ts';
import { openDataDirectory, openStorage, type DataDirectory } from '../storage/index.ts';
import { adminRoutes } from './admin-routes.ts';
import { startBackground } from './background.ts';
import { createCallLimits } from './call-limits.ts';
import { closeHttp } from './close-http.ts';
import { eventRoutes } from './event-routes.ts';
import { firstOwnerLink } from './first-owner.ts';
import { loggerRoutes } from './logger-routes.ts';
import { packRoutes } from './pack-routes.ts';
import { createHealth, type Health } from './health.ts';
import { healthRoutes } from './health-routes.ts';
import { createHttp } from './http.ts';
import { openLeases } from './leases.ts';
import { createMail } from './mail.ts';
import { openApi } from './openapi.ts';
import { openRecent, telling } from './open-recent.ts';
import { createPackRoles } from './pack-roles.ts';
import { pageRoutes } from './pages.ts';
import { peopleRoutes } from './people-routes.ts';
import { createReadRecord } from './read-record.ts';
import { recentRoutes } from './recent-routes.ts';
import { retentionRoutes } from './retention-routes.ts';
import type { Route } from './route.ts';
import { createSessionCookie } from './session-cookie.ts';
import { startSessionWebhook } from './session-webhook.ts';
import { sessionRoutes } from './session-routes.ts';
import type { Settings } from './settings.ts';
import { sourceRoutes } from './source-routes.ts';
import { treeRoutes } from './tree-routes.ts';

export interface Server {
  /** Where it listens, such as http://127.0.0.1:4000. */
  url: string;
  /** All scopes on the tenant `default`; made once and kept in the data directory. */
  adminKey: string;
  /** Where the first owner sets a password, and the file that holds it; undefined once there is one. */
  ownerLink: { url: string; file: string } | undefined;
  ingest: Ingest;
  tenants: Tenants;
  apiKeys: ApiKeys;
  /** Answers what is under way, then stops: no acknowledged event is lost, none is left unanswered. */
  close(): Promise<void>;
}

export interface ServerOptions {
  settings: Settings;
  packs?: readonly AnyPack[];
  clock?: () => number;
}

export const version: string = packageVersion();
export const defaultTenant = 'default';

/** Starts database, background work and HTTP, in this order. @throws AuditError when it must not start */
export async function startServer(options: ServerOptions): Promise<Server> {
  const { settings } = options;
  const clock = options.clock ?? Date.now;
  const logger = pino({ level: settings.logLevel, base: { service: 'bitacora', version } });
  const directory = openDataDirectory(settings.dataDirectory);
  let closing = false;
  const onError = (error: Error): void =>
    void (closing || logger.warn({ err: error }, 'a database connection was lost'));
  const storage = await openStorage({
    databaseUrl: settings.databaseUrl,
    databasePooler: settings.databasePooler,
    directory,
    onError,
  }).catch((error: unknown) => {
    directory.close();
    throw error;
  });
  const { database } = storage;
  const tenants = createTenants({ database, origin: settings.origin, clock });
  const apiKeys = createApiKeys({ database, clock });
  const segmentLimits = {
    entriesMax: settings.segmentEntriesMax,
    ageMaxMs: settings.segmentAgeHoursMax * 3_600_000,
  };
  const told: Pick<ReadContext, 'recent'> = {};
  const ledgers = telling(createLedgers({ database, directory, segmentLimits }), (ledger, count) =>
    told.recent?.appended(ledger, count),
  );
  const postings = createPostings({
    database,
    ledgers,
    cacheBytesMax: settings.cacheMegabytesMax * 1024 * 1024,
  });
  const health = createHealth({
    database,
    server: `${settings.host}:${settings.port}/${process.pid}`,
    clock,
    logger,
  });
  const adminKey = await firstKeys({ tenants, apiKeys, settings, directory });
  for (const ledger of await tenants.allLedgers()) {
    const problem = await ledgers.checkRollback(ledger);
    if (problem !== undefined) reportRollback(problem, health, logger);
  }
  const recordDirectory = createDirectory(database);
  const ingest = createIngest({ ledgers, directory: recordDirectory, packs: options.packs ?? [], clock });
  const people = createPeople({
    database,
    master: directory.secret('master'),
    limits: { idleMinutes: settings.sessionIdleMinutes, hoursMax: settings.sessionHoursMax },
    clock,
  });
  const cookie = createSessionCookie({ publicUrl: settings.publicUrl, hoursMax: settings.sessionHoursMax });
  const packs = options.packs ?? [];
  const readRecord = createReadRecord({ ingest, tenants, health, logger, clock, ledgers, packs });
  const turns = createLoopTurns();
  const unaided: ReadContext = { database, ledgers, postings, turns, zone: settings.timeZone, clock };
  const leases = await openLeases({ database, tenants, path: directory.path });
  const { holder } = leases;
  const sessions = createSessions({ ledgers, packs });
  const rollups = createRollups(ledgers);
  const context: SessionContext = {
    ...unaided,
    ...(await openRecent(unaided, { settings: settings.recent, packs, directory })),
    sessionIdleMs: settings.hostSessionIdleMinutes * 60_000,
    sessionsUpToDate: (all) => catchUp(all, { database, projection: sessions, holder }),
  };
  told.recent = context.recent;
  const packLedgers = createPackLedgers({ tenants, packs: options.packs ?? [] });
  const sources = createSources(database);
  const stages = {
    ...{ ingest, packLedgers, sources, tenants, context, packs, directory: recordDirectory },
    quota: createQuota(settings.quotaEventsPerSecond, clock),
  };
  const routes: Route[] = [
    ...eventRoutes(stages),
    ...recentRoutes({ tenants, context }),
    ...sourceRoutes(sources),
    ...sessionRoutes(stages),
    ...loggerRoutes(stages),
    ...packRoutes(stages),
    ...treeRoutes(context),
    ...retentionRoutes({ database, tenants, ledgers, ingest, projections: [rollups, sessions], holder }),
    ...adminRoutes({ tenants, apiKeys, directory: recordDirectory, ingest }),
    ...healthRoutes(health),
    ...peopleRoutes({
      people,
      tenants,
      ingest,
      cookie,
      defaultTenant,
      mail: createMail(settings.mail),
      oidc: settings.oidc,
      identities: createIdentities(database),
      box: createSecretBox(directory.secret('master'), 'provider'),
      clock,
      logger,
    }),
  ];
  routes.push(
    ...pageRoutes(() =>
      openApi(
        routes.filter((route) => !route.path.startsWith('/app')),
        version,
      ),
    ),
  );
  const viewerTokens = createViewerTokens({
    keys: people.viewerKeys,
    tenants,
    roleOf: createPackRoles(options.packs ?? []),
    clock,
  });
  const app = createHttp({
    routes,
    access: createAccess({ tenants, apiKeys, sessions: people.sessions, viewerTokens, clock }),
    cookie,
    limits: createCallLimits({ settings: settings.callLimits, turns, clock: () => performance.now() }),
    corsOrigins: settings.corsOrigins,
    trustedProxies: settings.trustedProxies,
    onRead: async (read, each) => (each ? readRecord.tell(read) : readRecord.note(read)),
    logger,
  });
  await health.beat();
  const background = startBackground({
    database,
    tenants,
    ledgers,
    projections: [postings, rollups, sessions],
    keepWarm: (ledger, size) => {
      told.recent?.grown(ledger, size);
      return postings.keepWarm(ledger, size);
    },
    health,
    holder,
    logger,
  });
  const webhook =
    settings.sessionWebhook &&
    startSessionWebhook({ settings: settings.sessionWebhook, tenants, context, health, holder, logger });
  const stop = async (): Promise<void> => {
    closing = true;
    await readRecord.drain();
    await ledgers.drain();
    await Promise.all([background.stop(), webhook?.stop()]);
    await leases.release();
    await told.recent?.close();
    await storage.close();
    directory.close();
  };
  const url = await app.listen({ host: settings.host, port: settings.port }).catch(async (cause: unknown) => {
    await stop();
    throw new AuditError('invalid_parameter', {
      parameter: 'BITACORA_PORT',
      operatorText: `cannot listen on ${settings.host}:${settings.port}: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    });
  });
  const first = await firstOwnerLink({
    people,
    tenant: await ensureTenant(tenants, defaultTenant),
    directory,
  });
  const base = settings.publicUrl ?? url.replace('127.0.0.1', 'localhost');
  return {
    url,
    adminKey,
    ownerLink: first && { url: `${base}/app/link/${first.secret}`, file: first.file },
    ingest,
    tenants,
    apiKeys,
    async close() {
      closing = true;
      await closeHttp(app);
      await stop();
    },
  };
}

/** The first start makes the tenant `default` and a key for it, kept in the data directory (mode 0600). */
async function firstKeys(options: {
  tenants: Tenants;
  apiKeys: ApiKeys;
  settings: Settings;
  directory: DataDirectory;
}): Promise<string> {
  const { tenants, apiKeys, settings, directory } = options;
  const tenant = await ensureTenant(tenants, defaultTenant);
  const adopt = (secret: string, name: string): Promise<void> =>
    apiKeys.adopt(secret, { tenant: tenant.id, name, scopes: [...scopes] });
  if (settings.adminKey !== undefined) await adopt(settings.adminKey, 'BITACORA_ADMIN_KEY');
  const own = `bta_own_${directory.secret('admin-key').toString('base64url')}`;
  await adopt(own, 'first key');
  return settings.adminKey ?? own;
}

/** Two servers that start at once both find it. */
export async function ensureTenant(tenants: Tenants, name: string): Promise<Tenant> {
  const known = await tenants.find(name);
  if (known) return known;
  return tenants.create(name).catch(async (error: unknown) => {
    const made = await tenants.find(name);
    if (made) return made;
    throw error;
  });
}

function reportRollback(problem: string, health: Health, logger: Logger): void {
  health.add(problem);
  logger.error(problem);
}

function packageVersion(): string {
  const text: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  return typeof text === 'object' && text !== null && 'version' in text ? String(text.version) : '0.0.0';
}
