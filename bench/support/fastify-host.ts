import fastify from 'fastify';
import pg from 'pg';
import { createAudit } from '@bitacora/sdk';
import { auditRequests } from '@bitacora/sdk/fastify';

// A host application in its own process, with or without the middleware. It has an empty route and a route that reads one row
// by its primary key. It answers each message with the CPU time that the process has used, in microseconds.

/** `auditUrl` is `plain` without the middleware, `disabled` with a disabled audit, or else the URL of a server. */
const [databaseUrl = '', auditUrl = 'plain'] = process.argv.slice(2);
const database = new pg.Pool({ connectionString: databaseUrl, max: 4 });
const app = fastify();
if (auditUrl === 'disabled') await app.register(auditRequests(createAudit({ disabled: true })));
else if (auditUrl !== 'plain')
  await app.register(auditRequests(createAudit({ url: auditUrl, key: 'bench', name: 'bench' })));
app.get('/', async () => '');
app.get<{ Params: { id: string } }>('/rows/:id', async ({ params }) => {
  const { rows } = await database.query({
    name: 'row',
    text: 'select * from bench_rows where id = $1',
    values: [params.id],
  });
  return rows[0];
});
const url = await app.listen({ port: 0, host: '127.0.0.1' });
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuMicros: user + system });
});
process.on('disconnect', () => process.exit());
process.send?.({ port: Number(new URL(url).port) });
