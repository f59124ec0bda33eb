import pg from 'pg';

/** A database of the host's own, empty, on the PostgreSQL behind `url`. */
export async function createHostDatabase(url: string, name: string): Promise<string> {
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  try {
    await admin.query(`create database ${name}`);
  } finally {
    await admin.end();
  }
  const host = new URL(url);
  host.pathname = `/${name}`;
  return host.href;
}
