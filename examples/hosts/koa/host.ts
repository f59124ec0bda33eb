import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { createAudit, extendContext } from '@bitacora/sdk';
import { auditRequests } from '@bitacora/sdk/koa';
import Koa, { type Context } from 'koa';

// The server's address and the key are in BITACORA_URL and BITACORA_API_KEY.
const audit = createAudit({ name: 'invoices on Koa', closeOnExit: true });
const passwords = new Map([['ana', 'correct horse']]);
const sessions = new Map<string, string>();

const userOf = (context: Context): string | undefined => sessions.get(context.get('x-session'));

const app = new Koa();
app.use(
  auditRequests<Context>(audit, {
    actorOf: (context) => {
      const id = userOf(context);
      return id === undefined ? undefined : { id };
    },
    signIn: { path: '/login', actorOf: (context) => ({ id: context.state['typedId'] }) },
    signOut: { path: '/logout' },
  }),
);

app.use(async (context, next) => {
  if (context.path !== '/login') return next();
  const { id, password } = (await json(context.req)) as { id: string; password: string };
  context.state['typedId'] = id;
  if (passwords.get(id) !== password) context.throw(401, 'wrong name or password');
  const session = crypto.randomUUID();
  sessions.set(session, id);
  extendContext({ actor: { id } });
  context.body = { session };
});

app.use(async (context) => {
  const [, invoice] = /^\/invoices\/([^/]+)\/approve$/.exec(context.path) ?? [];
  if (context.path === '/health') context.body = { ok: true };
  else if (context.path === '/report') throw new Error('the printer is on fire');
  else if (context.path === '/logout') {
    sessions.delete(context.get('x-session'));
    context.status = 204;
  } else if (invoice !== undefined) {
    if (userOf(context) === undefined) context.throw(403, 'sign in first');
    void audit.capture({
      action: 'invoice.approve',
      target: { type: 'invoice', id: invoice },
      changes: [{ path: 'state', before: 'open', after: 'approved' }],
    });
    context.body = { id: invoice, state: 'approved' };
  }
});

const server = app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () =>
  console.log(`listens on http://127.0.0.1:${(server.address() as AddressInfo).port}`),
);
