import pg from 'pg';
import { waitUntil } from './wait-until.ts';

/** A database of the host's own, empty, on the PostgreSQL behind `url`. */
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

/** Waits until nobody is connected but this question: a server that stops earlier is an error to whoever is still leaving. */
export async function everybodyLeft(url: string): Promise<void> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  try {
    await waitUntil('the end of all connections', async () => {
      const { rows } = await admin.query(
        `select from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()`,
      );
      return rows.length === 0;
    });
  } finally {
    await admin.end();
  }
}
