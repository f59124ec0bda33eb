import type { AddressInfo } from 'node:net';
import { createAudit, extendContext } from '@bitacora/sdk';
import { auditRequests } from '@bitacora/sdk/express';
import express, { type Request } from 'express';

// The server's address and the key are in BITACORA_URL and BITACORA_API_KEY.
const audit = createAudit({ name: 'invoices on Express', closeOnExit: true });
const passwords = new Map([['ana', 'correct horse']]);
const sessions = new Map<string, string>();

const userOf = (request: Request): string | undefined => sessions.get(request.get('x-session') ?? '');
const requests = auditRequests<Request>(audit, {
  actorOf: (request) => {
    const id = userOf(request);
    return id === undefined ? undefined : { id };
  },
  signIn: { path: '/login', actorOf: (request) => request.body },
  signOut: { path: '/logout' },
});

const app = express();
app.use(requests);
app.use(express.json());

app.post('/login', (request, response) => {
  const { id, password } = request.body;
  if (passwords.get(id) !== password)
    return void response.status(401).json({ error: 'wrong name or password' });
  const session = crypto.randomUUID();
  sessions.set(session, id);
  extendContext({ actor: { id } });
  response.json({ session });
});

app.post('/logout', (request, response) => {
  sessions.delete(request.get('x-session') ?? '');
  response.status(204).end();
});

app.post('/invoices/:id/approve', (request, response) => {
  if (userOf(request) === undefined) return void response.status(403).json({ error: 'sign in first' });
  void audit.capture({
    action: 'invoice.approve',
    target: { type: 'invoice', id: request.params.id },
    changes: [{ path: 'state', before: 'open', after: 'approved' }],
  });
  response.json({ id: request.params.id, state: 'approved' });
});

app.get('/report', async () => {
  throw new Error('the printer is on fire');
});

app.get('/health', (_request, response) => void response.json({ ok: true }));

app.use(requests.errors);

const server = app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(`listens on http://127.0.0.1:${port}`);
});
