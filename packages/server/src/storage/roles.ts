import { createHmac } from 'node:crypto';
import type pg from 'pg';
import { AuditError } from '../audit-error.ts';

export interface RoleUrls {
  maintenance: string;
  writer: string;
  reader: string;
}

export interface RoleNames {
  owner: string;
  maintenance: string;
  writer: string;
  reader: string;
  /** A role without login, which is granted to the logins of auditors. */
  auditor: string;
}

/** The roles of an installation. All databases of a cluster share its roles, so the names begin with the database's name. */
export function roleNames(database: string): RoleNames {
  const of = (role: string): string => `${database}_${role}`;
  return {
    owner: of('owner'),
    maintenance: of('maintenance'),
    writer: of('writer'),
    reader: of('reader'),
    auditor: of('auditor'),
  };
}

/**
 * Creates the missing roles and the schema of a database, and returns a URL for each of the three logins. Their passwords
 * are derived from the password in `url`, so several servers on one database use the same ones. For a URL without a password
 * they are derived from `masterSecret`, which the servers of an installation share, too: a login that a certificate, a
 * password file or the operating system lets in gives no secret, and a name that everybody knows is none.
 * @throws AuditError unsafe_database when the URL's login may not create roles and they do not exist.
 */
export async function ensureRoles(
  client: pg.Client,
  url: URL,
  masterSecret: () => Buffer,
): Promise<RoleUrls> {
  const database = decodeURIComponent(url.pathname.slice(1));
  const names = roleNames(database);
  const secret = decodeURIComponent(url.password) || deriveSecret(masterSecret());
  const password = (role: string): string => createHmac('sha256', secret).update(role).digest('hex');
  try {
    await createRoles(client, { names, password });
  } catch (cause) {
    throw new AuditError('unsafe_database', {
      operatorText: `the login of BITACORA_DATABASE_URL needs CREATEROLE to make ${Object.values(names).join(', ')}: ${String(cause)}`,
      cause,
    });
  }
  const login = (role: string): string => {
    const roleUrl = new URL(url);
    roleUrl.username = encodeURIComponent(role);
    roleUrl.password = password(role);
    return roleUrl.href;
  };
  return { maintenance: login(names.maintenance), writer: login(names.writer), reader: login(names.reader) };
}

function deriveSecret(masterSecret: Buffer): Buffer {
  return createHmac('sha256', masterSecret).update('passwords of the database roles').digest();
}

async function createRoles(
  client: pg.Client,
  options: { names: RoleNames; password: (role: string) => string },
): Promise<void> {
  const { names, password } = options;
  const quoted = client.escapeIdentifier.bind(client);
  await client.query('select pg_advisory_lock(7203541)');
  try {
    for (const role of Object.values(names)) {
      const result = await client.query('select 1 from pg_roles where rolname = $1', [role]);
      if (result.rowCount === 0) await client.query(`create role ${quoted(role)} nologin`);
    }
    for (const role of [names.maintenance, names.writer, names.reader]) {
      await client.query(
        `alter role ${quoted(role)} login nosuperuser nobypassrls nocreaterole nocreatedb password ${client.escapeLiteral(password(role))}`,
      );
    }
    const database = await client.query<{ name: string }>('select current_database() as name');
    const name = quoted(database.rows[0]?.name ?? '');
    await client.query(`grant ${quoted(names.owner)} to current_user`);
    await client.query(`grant connect, create on database ${name} to ${quoted(names.owner)}`);
    await client.query(`create schema if not exists bitacora authorization ${quoted(names.owner)}`);
    await client.query(
      `grant usage on schema bitacora to ${[names.maintenance, names.writer, names.reader].map(quoted).join(', ')}`,
    );
    for (const role of [names.maintenance, names.writer, names.reader]) {
      await client.query(`alter role ${quoted(role)} in database ${name} set search_path = bitacora`);
      // Times are read as text. In other zones PostgreSQL writes old times in forms that JavaScript cannot parse.
      await client.query(`alter role ${quoted(role)} in database ${name} set timezone = 'UTC'`);
      await client.query(
        `alter role ${quoted(role)} in database ${name} set plan_cache_mode = 'force_generic_plan'`,
      );
    }
  } finally {
    await client.query('select pg_advisory_unlock(7203541)');
  }
}
