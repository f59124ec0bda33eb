import pg from 'pg';
import { startTestServer } from './test-server.ts';

export interface SpareDatabase {
  port: number;
  /** URL of an empty database on it, through another port if one is given. */
  url(port?: number): string;
  close(): Promise<void>;
}

/** A PostgreSQL that is reached by TCP, like one on another machine. */
export async function startSpareDatabase(): Promise<SpareDatabase> {
  const host = await startTestServer();
  const superuser = new URL(host.superuserUrl());
  const client = new pg.Client({ connectionString: superuser.href });
  await client.connect();
  await client.query('create database spare');
  await client.end();
  return {
    port: Number(superuser.port),
    url(port = Number(superuser.port)) {
      const url = new URL(superuser);
      url.port = String(port);
      url.pathname = '/spare';
      return url.href;
    },
    close: () => host.dispose(),
  };
}
