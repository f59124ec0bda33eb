import fastify from 'fastify';
import pg from 'pg';
import { createAudit } from '@bitacora/sdk';
import { auditRequests } from '@bitacora/sdk/fastify';

// A host application as a process of its own, with or without the middleware: an empty route, and one that reads one row by
// its primary key. Answers each message with the CPU that the process has used, in microseconds.

const [databaseUrl = '', behind = 'plain'] = process.argv.slice(2);
const database = new pg.Pool({ connectionString: databaseUrl, max: 4 });
const app = fastify();
if (behind === 'nothing-behind') await app.register(auditRequests(createAudit({ disabled: true })));
else if (behind !== 'plain')
  await app.register(auditRequests(createAudit({ url: behind, key: 'bench', name: 'bench' })));
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
