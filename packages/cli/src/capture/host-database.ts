import pg from 'pg';
import { CliError } from '../cli-error.ts';

/** Runs one statement, or a script without values, on the host's database. */
export type HostQuery = (
  text: string,
  values: readonly unknown[],
) => Promise<{ readonly rows: readonly unknown[] }>;

/**
 * Connects to the database of a host application. Throws `CliError` when it cannot connect, or when the database refuses a
 * statement.
 */
export async function withHostDatabase<Result>(
  url: string | undefined,
  work: (query: HostQuery) => Promise<Result>,
): Promise<Result> {
  if (url === undefined) throw new CliError('no database: give --database-url or set DATABASE_URL');
  const pool = new pg.Pool({ connectionString: url, max: 2, application_name: 'bitacora capture' });
  // A connection may break while nobody uses it; the next query opens another one.
  pool.on('error', () => undefined);
  try {
    return await work(async (text, values) => pool.query(text, [...values]));
  } catch (error) {
    if (error instanceof pg.DatabaseError || (error instanceof Error && 'code' in error)) {
      throw new CliError(`the database says: ${error.message}`);
    }
    throw error;
  } finally {
    await pool.end();
  }
}
