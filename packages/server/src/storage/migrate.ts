import { readFileSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { AuditError } from '../audit-error.ts';
import { roleNames } from './roles.ts';

const folder = fileURLToPath(new URL('../../migrations/', import.meta.url));

/**
 * Applies the numbered migrations that the database lacks, each in a transaction, one server at a time.
 * @returns the names applied now, in order.
 * @throws AuditError unsafe_database when the database knows a migration that this version does not.
 */
export async function migrate(client: pg.Client, database: string): Promise<string[]> {
  const names = roleNames(database);
  const available = readdirSync(folder)
    .filter((name) => /^\d{4}-.*\.sql$/.test(name))
    .sort();
  await client.query('select pg_advisory_lock(7203542)');
  try {
    await client.query(`set role ${client.escapeIdentifier(names.owner)}`);
    await client.query('set search_path = bitacora');
    await client.query(
      'create table if not exists migration (name text primary key, applied_at timestamptz not null default now())',
    );
    const result = await client.query<{ name: string }>('select name from migration');
    const applied = new Set(result.rows.map((row) => row.name));
    const unknown = [...applied].filter((name) => !available.includes(name));
    if (unknown.length > 0) {
      throw new AuditError('unsafe_database', {
        operatorText: `the database was migrated by a newer version (${unknown.join(', ')}): start that one`,
      });
    }
    const missing = available.filter((name) => !applied.has(name));
    for (const name of missing) await apply(client, name, names);
    return missing;
  } finally {
    await client.query('reset role').catch(() => undefined);
    await client.query('reset search_path').catch(() => undefined);
    await client.query('select pg_advisory_unlock(7203542)').catch(() => undefined);
  }
}

async function apply(client: pg.Client, name: string, roles: ReturnType<typeof roleNames>): Promise<void> {
  const roleOf: Record<string, string> = { ...roles };
  const sql = readFileSync(`${folder}${name}`, 'utf8').replaceAll(/\{\{(\w+)\}\}/g, (_, role: string) =>
    client.escapeIdentifier(roleOf[role] ?? role),
  );
  await client.query('begin');
  try {
    await client.query(sql);
    await client.query('insert into migration (name) values ($1)', [name]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}
