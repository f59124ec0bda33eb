import pg from 'pg';
import { waitUntil } from './wait-until.ts';

/** Creates an empty database of the host on the PostgreSQL behind `url`. */
export async function createHostDatabase(url: string, name: string): Promise<string> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  try {
    await admin.query(`create database "${name}"`);
  } finally {
    await admin.end();
  }
  const host = new URL(url);
  host.pathname = `/${name}`;
  return host.href;
}

/**
 * Waits until this is the only connection to `database`, or to any database. A client that is still closing its connection
 * would report the stop of the server as an error.
 */
export async function everybodyLeft(url: string, database?: string): Promise<void> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  try {
    await waitUntil('the end of all connections', async () => {
      const { rows } = await admin.query(
        `select from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid() and datname = coalesce($1, datname)`,
        [database],
      );
      return rows.length === 0;
    });
  } finally {
    await admin.end();
  }
}
