import pg from 'pg';
import { AuditError } from '../audit-error.ts';
import type { RoleUrls } from './roles.ts';

const attempts: { what: string; sql: string }[] = [
  { what: 'update entries', sql: "update bundle set entries = '' where false" },
  { what: 'delete entries', sql: 'delete from bundle where false' },
  { what: 'delete entry rows', sql: 'delete from entry where false' },
  { what: 'truncate entries', sql: 'truncate bundle' },
  { what: 'disable a trigger', sql: 'alter table bundle disable trigger never_change' },
  { what: 'switch triggers off', sql: "set session_replication_role = 'replica'" },
  { what: 'switch row security off', sql: 'alter table bundle disable row level security' },
];

/**
 * Tries, as each login of the server, everything that could alter evidence, and expects each attempt to be denied.
 * @throws AuditError unsafe_database naming the first attempt that was allowed.
 */
export async function proveRoles(urls: RoleUrls): Promise<void> {
  await Promise.all(
    Object.entries(urls).map(async ([role, url]) => {
      const client = new pg.Client({ connectionString: String(url) });
      await client.connect();
      try {
        await refuseBypass(client, role);
        await refuseAsynchronous(client, role);
        for (const attempt of attempts) await refuseAttempt(client, { role, ...attempt });
      } finally {
        await client.end();
      }
    }),
  );
}

async function refuseBypass(client: pg.Client, role: string): Promise<void> {
  const result = await client.query(
    'select 1 from pg_roles where rolname = current_user and (rolsuper or rolbypassrls)',
  );
  if (result.rowCount !== 0) {
    throw new AuditError('unsafe_database', {
      operatorText: `the ${role} login is superuser or bypasses row security`,
    });
  }
}

/** A role or a database may have another value of this setting than the server. */
async function refuseAsynchronous(client: pg.Client, role: string): Promise<void> {
  const shown = await client.query<{ synchronous_commit: string }>('show synchronous_commit');
  if (shown.rows[0]?.synchronous_commit !== 'off') return;
  throw new AuditError('unsafe_database', {
    operatorText: `synchronous_commit is off for the ${role} login: the database could lose acknowledged events`,
  });
}

async function refuseAttempt(
  client: pg.Client,
  attempt: { role: string; what: string; sql: string },
): Promise<void> {
  await client.query('begin');
  const allowed = await client.query(attempt.sql).then(
    () => true,
    () => false,
  );
  await client.query('rollback');
  if (allowed) {
    throw new AuditError('unsafe_database', {
      operatorText: `the ${attempt.role} login may ${attempt.what}`,
    });
  }
}
