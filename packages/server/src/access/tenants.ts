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
  /** First line of every checkpoint of its tree. */
  origin: string;
  retentionClass: number;
  retentionDays: number | null;
}

export interface LedgerInput {
  name: string;
  retentionDays?: number;
}

export interface Tenants {
  /** Makes the tenant with its default ledger and its audit ledger. @throws already_exists */
  create(name: string): Promise<Tenant>;
  find(name: string): Promise<Tenant | undefined>;
  list(): Promise<Tenant[]>;
  /** A ledger named `{tenant}.{suffix}` beside the default one. @throws already_exists */
  createLedger(tenant: Tenant, suffix: string, retentionDays?: number): Promise<Ledger>;
  ledgers(tenant: number): Promise<Ledger[]>;
  ledger(id: number): Promise<Ledger | undefined>;
  allLedgers(): Promise<Ledger[]>;
  /** Grows with every tenant and ledger that this process makes: what was cached of them before is old. */
  revision(): number;
}

const namePattern = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/;
const select = `select id, tenant, name, origin, retention_class as "retentionClass",
  retention_days as "retentionDays" from ledger`;

/** Tenants and their ledgers. `origin` is the host name that all trees of this installation start with. */
export function createTenants(options: { database: Database; origin: string; clock: () => number }): Tenants {
  const { database } = options;
  let revision = 0;
  const insertLedger = async (
    client: Client,
    ledger: { tenant: number; name: string; retentionDays: number | undefined },
  ): Promise<Ledger> => {
    const made = await client.query<Ledger>(
      `insert into ledger (tenant, name, origin, retention_days, retention_class)
       values ($1, $2, $3, $4, $5) returning id, tenant, name, origin, retention_class as "retentionClass", retention_days as "retentionDays"`,
      [
        ledger.tenant,
        ledger.name,
        `${options.origin}/${ledger.name}`,
        ledger.retentionDays ?? null,
        retentionClass(ledger.retentionDays),
      ],
    );
    const row = made.rows[0];
    if (!row) throw new AuditError('internal', { operatorText: 'insert into ledger returned nothing' });
    await client.query(`set local bitacora.ledgers = '${row.id}'`);
    await client.query(
      'insert into head (ledger, size, ingested_at) values ($1, 0, to_timestamp($2 / 1000.0))',
      [row.id, options.clock()],
    );
    revision++;
    return row;
  };
  return {
    revision: () => revision,
    async create(name) {
      requireName(name, 'tenant');
      return unique(`tenant ${name}`, () =>
        database.plain(async (client) => {
          const made = await client.query<Tenant>(
            'insert into tenant (name) values ($1) returning id, name',
            [name],
          );
          const tenant = made.rows[0];
          if (!tenant)
            throw new AuditError('internal', { operatorText: 'insert into tenant returned nothing' });
          await insertLedger(client, { tenant: tenant.id, name, retentionDays: undefined });
          await insertLedger(client, { tenant: tenant.id, name: `${name}.audit`, retentionDays: undefined });
          return tenant;
        }),
      );
    },
    find: (name) =>
      database.plain(
        async (client) =>
          (await client.query<Tenant>('select id, name from tenant where name = $1', [name])).rows[0],
      ),
    list: () =>
      database.plain(
        async (client) => (await client.query<Tenant>('select id, name from tenant order by id')).rows,
      ),
    async createLedger(tenant, suffix, retentionDays) {
      requireName(suffix, 'ledger');
      return unique(`ledger ${tenant.name}.${suffix}`, () =>
        database.plain((client) =>
          insertLedger(client, { tenant: tenant.id, name: `${tenant.name}.${suffix}`, retentionDays }),
        ),
      );
    },
    ledgers: (tenant) =>
      database.plain(
        async (client) =>
          (await client.query<Ledger>(`${select} where tenant = $1 order by id`, [tenant])).rows,
      ),
    ledger: (id) =>
      database.plain(async (client) => (await client.query<Ledger>(`${select} where id = $1`, [id])).rows[0]),
    allLedgers: () =>
      database.plain(async (client) => (await client.query<Ledger>(`${select} order by id`)).rows),
  };
}

/** Ledgers with one period share partitions; 0 is «without end», otherwise the days themselves. */
function retentionClass(days: number | undefined): number {
  return days ?? 0;
}

function requireName(name: string, parameter: string): void {
  if (namePattern.test(name)) return;
  throw new AuditError('invalid_parameter', {
    parameter,
    detail: `${parameter} must be 1 to 63 lower-case letters, digits or dashes, not starting or ending with a dash`,
  });
}

async function unique<T>(what: string, insert: () => Promise<T>): Promise<T> {
  try {
    return await insert();
  } catch (error) {
    if (sqlState(error) === '23505')
      throw new AuditError('already_exists', { detail: `${what} exists already` });
    throw error;
  }
}
