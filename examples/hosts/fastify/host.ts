import { createAudit, extendContext } from '@bitacora/sdk';
import { auditRequests } from '@bitacora/sdk/fastify';
import fastify, { type FastifyRequest } from 'fastify';

// The server's address and the key are in BITACORA_URL and BITACORA_API_KEY.
const audit = createAudit({ name: 'invoices on Fastify', closeOnExit: true });
const passwords = new Map([['ana', 'correct horse']]);
const sessions = new Map<string, string>();

const sessionOf = (request: FastifyRequest): string => String(request.headers['x-session'] ?? '');
const userOf = (request: FastifyRequest): string | undefined => sessions.get(sessionOf(request));

const app = fastify();
await app.register(
  auditRequests<FastifyRequest>(audit, {
    actorOf: (request) => {
      const id = userOf(request);
      return id === undefined ? undefined : { id };
    },
    signIn: { path: '/login', actorOf: (request) => request.body as { id: string } },
    signOut: { path: '/logout' },
  }),
);

app.post<{ Body: { id: string; password: string } }>('/login', async (request, reply) => {
  const { id, password } = request.body;
  if (passwords.get(id) !== password) return reply.status(401).send({ error: 'wrong name or password' });
  const session = crypto.randomUUID();
  sessions.set(session, id);
  extendContext({ actor: { id } });
  return { session };
});

app.post('/logout', async (request, reply) => {
  sessions.delete(sessionOf(request));
  return reply.status(204).send();
});

app.post<{ Params: { id: string } }>(
  '/invoices/:id/approve',
  { config: { audit: { level: 'high' } } },
  async (request, reply) => {
    const { id } = request.params;
    if (userOf(request) === undefined) return reply.status(403).send({ error: 'sign in first' });
    void audit.capture({
      action: 'invoice.approve',
      target: { type: 'invoice', id },
      changes: [{ path: 'state', before: 'open', after: 'approved' }],
    });
    return { id, state: 'approved' };
  },
);

app.get('/report', async () => {
  throw new Error('the printer is on fire');
});

app.get('/health', async () => ({ ok: true }));

console.log(`listens on ${await app.listen({ port: Number(process.env['PORT'] ?? 3000) })}`);
