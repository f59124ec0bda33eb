import pg from 'pg';
import type { TestServer } from './test-server.ts';

/** A connection as the superuser of a server's database; the database ends with a server that is killed. */
export interface Superuser {
  query: pg.Client['query'];
  end(): Promise<void>;
}

/** Connects as superuser, and again after the database was restarted. `search_path` is that of the server. */
export function superuserOf(server: Pick<TestServer, 'superuserUrl'>): Superuser {
  let client: pg.Client | undefined;
  const connected = async (): Promise<pg.Client> => {
    if (client) return client;
    const opened = new pg.Client({ connectionString: server.superuserUrl() });
    const forget = (): void => {
      if (client === opened) client = undefined;
    };
    opened.on('error', forget);
    opened.on('end', forget);
    await opened.connect();
    await opened.query('set search_path = bitacora');
    client = opened;
    return opened;
  };
  const query = async (...statement: Parameters<pg.Client['query']>): Promise<unknown> =>
    (await connected()).query(...statement);
  return { query: query as unknown as pg.Client['query'], end: async () => client?.end() };
}
