import { createAudit, extendContext } from '@bitacora/sdk';
import { auditRequests } from '@bitacora/sdk/hono';
import { serve } from '@hono/node-server';
import { Hono, type Context } from 'hono';

// The server's address and the key are in BITACORA_URL and BITACORA_API_KEY.
const audit = createAudit({ name: 'invoices on Hono', closeOnExit: true });
const passwords = new Map([['ana', 'correct horse']]);
const sessions = new Map<string, string>();

type App = { Variables: { typedId: string } };
const userOf = (c: Context): string | undefined => sessions.get(c.req.header('x-session') ?? '');

const app = new Hono<App>();
app.use(
  auditRequests<Context<App>>(audit, {
    actorOf: (c) => {
      const id = userOf(c);
      return id === undefined ? undefined : { id };
    },
    signIn: { path: '/login', actorOf: (c) => ({ id: c.get('typedId') }) },
    signOut: { path: '/logout' },
  }),
);

app.post('/login', async (c) => {
  const { id, password } = await c.req.json<{ id: string; password: string }>();
  c.set('typedId', id);
  if (passwords.get(id) !== password) return c.json({ error: 'wrong name or password' }, 401);
  const session = crypto.randomUUID();
  sessions.set(session, id);
  extendContext({ actor: { id } });
  return c.json({ session });
});

app.post('/logout', (c) => {
  sessions.delete(c.req.header('x-session') ?? '');
  return c.body(null, 204);
});

app.post('/invoices/:id/approve', (c) => {
  const id = c.req.param('id');
  if (userOf(c) === undefined) return c.json({ error: 'sign in first' }, 403);
  void audit.capture({
    action: 'invoice.approve',
    target: { type: 'invoice', id },
    changes: [{ path: 'state', before: 'open', after: 'approved' }],
  });
  return c.json({ id, state: 'approved' });
});

app.get('/report', () => {
  throw new Error('the printer is on fire');
});

app.get('/health', (c) => c.json({ ok: true }));

serve({ fetch: app.fetch, port: Number(process.env['PORT'] ?? 3000), hostname: '127.0.0.1' }, ({ port }) =>
  console.log(`listens on http://127.0.0.1:${port}`),
);
