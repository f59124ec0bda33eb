import { startChangingRedis } from './changing-redis.ts';
import { openTenant } from './open-tenant.ts';
import { runPostgres } from './run-postgres.ts';
import { startWithPacks } from './start-with-pack.ts';
import type { TestServer } from './test-server.ts';
import { waitUntil } from './wait-until.ts';

/** A server with the packs, for all their rows. Each suite has its own tenant in it. */
export interface PackInstallation {
  /** The server with the operator's key. */
  server: TestServer;
  /** Where the newest entries are held: in Redis or in the process. */
  store: 'memory' | 'redis';
  /** Creates a tenant, and returns the server with a key of that tenant. */
  tenant(name: string): Promise<TestServer>;
  /** Puts the recent store into its next state. */
  change(): Promise<void>;
  /** Whether the recent store is available and the server asks it. */
  calm(): Promise<void>;
  dispose(): Promise<void>;
}

const packs = [
  { folder: 'condominium', exported: 'condominium' },
  { folder: 'accounting-closing', exported: 'accountingClosing' },
];

/** A zone with summer time, so that days of 23 and 25 hours are counted too. */
export const installationZone = 'America/Santiago';
/** The origin whose pages may call the server. */
export const installationOrigin = 'https://app.condominio.example';

const settings = {
  BITACORA_TIME_ZONE: installationZone,
  BITACORA_HOST_SESSION_IDLE_MINUTES: '30',
  BITACORA_CORS_ORIGINS: installationOrigin,
};

/** Starts a server on the embedded PostgreSQL, with the newest entries in the process. */
export async function startEmbedded(): Promise<PackInstallation> {
  const server = await startWithPacks(packs, settings, ['--demo']);
  const nothing = (): Promise<void> => Promise.resolve();
  return {
    server,
    store: 'memory',
    tenant: (name) => openTenant(server, name),
    change: nothing,
    calm: nothing,
    dispose: () => server.dispose(),
  };
}

/** Starts a server on a PostgreSQL by URL, with a Redis that is used, emptied, killed and slow in turn. */
export async function startOnServers(): Promise<PackInstallation> {
  const [postgres, redis] = await Promise.all([runPostgres(), startChangingRedis()]);
  const environment = {
    BITACORA_DATABASE_URL: postgres.url,
    REDIS_HOST: '127.0.0.1',
    REDIS_PORT: String(redis.port),
    REDIS_DB_LOGS: '1',
  };
  const server = await startWithPacks(packs, { ...settings, ...environment }, ['--demo']);
  const calm = async (): Promise<void> => {
    await redis.become('on');
    await waitUntil(
      'a server that asks Redis',
      async () => (await server.json('/v1/recent')).body.state === 'asked',
    );
  };
  return {
    server,
    store: 'redis',
    tenant: (name) => openTenant(server, name),
    async change() {
      if ((await redis.next()) === 'on') await calm();
    },
    calm,
    async dispose() {
      await server.dispose();
      await redis.close();
      await postgres.close();
    },
  };
}
