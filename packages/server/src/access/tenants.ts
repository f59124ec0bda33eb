import { AuditError } from '../audit-error.ts';
import { sqlState, type Client, type Database } from '../storage/index.ts';

export interface Tenant {
  id: number;
  name: string;
}

export interface Ledger {
  id: number;
  tenant: number;
  name: string;
  /** First line of every checkpoint of the ledger's tree. */
  origin: string;
  retentionClass: number;
  retentionDays: number | null;
  /** Index of the event in the audit ledger that states the period; null: no event states one. */
  recordIndex: number | null;
}

/** How long a ledger keeps its entries, and the index of the event in the tenant's audit ledger that states it. */
export interface LedgerPeriod {
  retentionDays: number | undefined;
  recordIndex: number;
}

export interface Tenants {
  /** Makes the tenant with its default ledger and its audit ledger. @throws already_exists */
  create(name: string): Promise<Tenant>;
  find(name: string): Promise<Tenant | undefined>;
  list(): Promise<Tenant[]>;
  /** @throws already_exists, invalid_parameter when no ledger `{tenant}.{suffix}` can be made */
  requireFree(tenant: Tenant, suffix: string): Promise<void>;
  /** A ledger named `{tenant}.{suffix}` beside the default one. @throws already_exists, invalid_parameter */
  createLedger(tenant: Tenant, suffix: string, period?: LedgerPeriod): Promise<Ledger>;
  ledgers(tenant: number): Promise<Ledger[]>;
  ledger(id: number): Promise<Ledger | undefined>;
  allLedgers(): Promise<Ledger[]>;
  /** Grows with every tenant and ledger that this process makes: a cached list with a smaller revision is out of date. */
  revision(): number;
}

export const tenantNamePattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const ledgerColumns = `id, tenant, name, origin, retention_class as "retentionClass",
  retention_days as "retentionDays", record_index as "recordIndex"`;

/** Tenants and their ledgers. `origin` is the host name that all trees of this installation start with. */
export function createTenants(options: { database: Database; origin: string; clock: () => number }): Tenants {
  const { database } = options;
  let revision = 0;
  const insert = async (client: Client, ledger: NewLedger): Promise<Ledger> => {
    const row = await insertLedger(client, ledger, options);
    revision++;
    return row;
  };
  return {
    revision: () => revision,
    async create(name) {
      requireName(name, 'tenant');
      return refuseTaken(`tenant ${name}`, () =>
        database.plain(async (client) => {
          const tenant = await insertTenant(client, name);
          await insert(client, { tenant: tenant.id, name });
          await insert(client, { tenant: tenant.id, name: `${name}.audit` });
          return tenant;
        }),
      );
    },
    find: (name) => selectTenant(database, name),
    list: () => selectTenants(database),
    async requireFree(tenant, suffix) {
      requireName(suffix, 'ledger');
      const name = `${tenant.name}.${suffix}`;
      const existing = await selectLedgers(database, 'where tenant = $1 order by id', [tenant.id]);
      if (existing.some((ledger) => ledger.name === name)) throw nameTaken(`ledger ${name}`);
    },
    async createLedger(tenant, suffix, period) {
      requireName(suffix, 'ledger');
      const name = `${tenant.name}.${suffix}`;
      return refuseTaken(`ledger ${name}`, () =>
        database.plain((client) => insert(client, { tenant: tenant.id, name, ...period })),
      );
    },
    ledgers: (tenant) => selectLedgers(database, 'where tenant = $1 order by id', [tenant]),
    ledger: async (id) => (await selectLedgers(database, 'where id = $1', [id]))[0],
    allLedgers: () => selectLedgers(database, 'order by id', []),
  };
}

interface NewLedger {
  tenant: number;
  name: string;
  retentionDays?: number | undefined;
  recordIndex?: number;
}

async function insertTenant(client: Client, name: string): Promise<Tenant> {
  const inserted = await client.query<Tenant>('insert into tenant (name) values ($1) returning id, name', [
    name,
  ]);
  const tenant = inserted.rows[0];
  if (!tenant) throw new AuditError('internal', { operatorText: 'insert into tenant returned nothing' });
  return tenant;
}

/** Inserts a ledger with its head, which has size 0. */
async function insertLedger(
  client: Client,
  ledger: NewLedger,
  { origin, clock }: { origin: string; clock: () => number },
): Promise<Ledger> {
  const inserted = await client.query<Ledger>(
    `insert into ledger (tenant, name, origin, retention_days, retention_class, record_index)
     values ($1, $2, $3, $4, $5, $6) returning ${ledgerColumns}`,
    [
      ledger.tenant,
      ledger.name,
      `${origin}/${ledger.name}`,
      ledger.retentionDays ?? null,
      retentionClass(ledger.retentionDays),
      ledger.recordIndex ?? null,
    ],
  );
  const row = inserted.rows[0];
  if (!row) throw new AuditError('internal', { operatorText: 'insert into ledger returned nothing' });
  await client.query(`set local bitacora.ledgers = '${row.id}'`);
  await client.query(
    'insert into head (ledger, size, ingested_at) values ($1, 0, to_timestamp($2 / 1000.0))',
    [row.id, clock()],
  );
  return row;
}

async function selectTenant(database: Database, name: string): Promise<Tenant | undefined> {
  const result = await database.plain((client) =>
    client.query<Tenant>('select id, name from tenant where name = $1', [name]),
  );
  return result.rows[0];
}

async function selectTenants(database: Database): Promise<Tenant[]> {
  const result = await database.plain((client) =>
    client.query<Tenant>('select id, name from tenant order by id'),
  );
  return result.rows;
}

async function selectLedgers(
  database: Database,
  condition: string,
  values: readonly number[],
): Promise<Ledger[]> {
  const result = await database.plain((client) =>
    client.query<Ledger>(`select ${ledgerColumns} from ledger ${condition}`, [...values]),
  );
  return result.rows;
}

/** Ledgers with the same retention period share partitions. The class is the period in days; 0: kept for ever. */
function retentionClass(days: number | undefined): number {
  return days ?? 0;
}

function requireName(name: string, parameter: string): void {
  if (tenantNamePattern.test(name)) return;
  throw new AuditError('invalid_parameter', {
    parameter,
    detail: `${parameter} must be 1 to 63 lower-case letters, digits or dashes, not starting or ending with a dash`,
  });
}

async function refuseTaken<T>(what: string, insert: () => Promise<T>): Promise<T> {
  try {
    return await insert();
  } catch (error) {
    if (sqlState(error) === '23505') throw nameTaken(what);
    throw error;
  }
}

function nameTaken(what: string): AuditError {
  return new AuditError('already_exists', { detail: `${what} exists already` });
}
