import { createHmac, randomUUID } from 'node:crypto';
import { uuidV7 } from '@bitacora/event';
import { auditLogger } from '@bitacora/pack-condominium';
import { createAudit } from '@bitacora/sdk';
import { auditRequests, auditSession } from '@bitacora/sdk/fastify';
import { watchSessions } from '@bitacora/sdk/sessions';
import fastify, { type FastifyRequest } from 'fastify';

// A small condominium, in which people sign in, residents pay and the administrator gives roles. The server's address and the
// key are in
// BITACORA_URL and BITACORA_API_KEY; VIEWER_SECRET is the secret of the server's viewer key "condominium".
const audit = createAudit({ name: 'condominium', closeOnExit: true });
// The functions of AuditoriaLogger write into the same trail. The plugin records sign-ins, denied access and errors itself.
const auditoria = auditLogger((event) => audit.capture(event));
const secret = process.env['VIEWER_SECRET'] ?? '';

type Role = 'admin' | 'resident' | 'security';
const users = new Map([
  ['admin', { id: '1', password: 'llave maestra', role: 'admin' as Role }],
  ['maria', { id: '2', password: 'puerta azul', role: 'resident' as Role }],
  ['pedro', { id: '3', password: 'turno noche', role: 'security' as Role }],
]);
const charges = new Map([['9', { paid: false, amount: '150.00' }]]);
/** The user of each token. Events have the session's id `session`, because the token itself must stay secret. */
const signedIn = new Map<string, { username: string; session: string }>();

// When an administrator closes a session in Bitácora, the user is signed out here.
watchSessions({
  onClosed({ id }) {
    for (const [token, { session }] of signedIn) if (session === id) signedIn.delete(token);
  },
  onError: (error) => console.error(error.message),
});

const tokenOf = (request: FastifyRequest): string => String(request.headers['x-session'] ?? '');
function userOf(request: FastifyRequest) {
  const login = signedIn.get(tokenOf(request));
  const user = login && users.get(login.username);
  return user && { ...user, username: login.username, session: login.session };
}

const app = fastify();
await app.register(
  auditRequests<FastifyRequest>(audit, {
    actorOf: (request) => {
      const user = userOf(request);
      return user && { id: user.id, role: user.role };
    },
    sessionOf: (request) => userOf(request)?.session,
    signIn: {
      path: '/login',
      actorOf: (request) => {
        const user = users.get((request.body as { username: string }).username);
        return user && { id: user.id };
      },
    },
    signOut: { path: '/logout' },
  }),
);

app.post<{ Body: { username: string; password: string } }>('/login', async (request, reply) => {
  const { username, password } = request.body;
  const user = users.get(username);
  if (user?.password !== password) return reply.status(401).send({ detail: 'Credenciales inválidas' });
  // The session has the id of its sign-in event, by which Bitácora names it.
  const token = randomUUID();
  const session = uuidV7();
  signedIn.set(token, { username, session });
  void auditSession(audit).login({ id: user.id, role: user.role }, { sessionId: session, id: session });
  return { token, auditToken: viewerToken(user) };
});

app.post('/logout', async (request, reply) => {
  signedIn.delete(tokenOf(request));
  return reply.status(204).send();
});

app.post<{ Params: { id: string }; Body: { reference: string } }>(
  '/charges/:id/pay',
  async (request, reply) => {
    const user = userOf(request);
    const charge = charges.get(request.params.id);
    if (!user) return reply.status(401).send({ detail: 'Inicie sesión' });
    if (!charge || charge.paid) return reply.status(404).send({ detail: 'No hay tal cargo' });
    charge.paid = true;
    void auditoria.registrarPago({
      usuario: { id: user.id, username: user.username },
      cargo: { content_type: 'cargo', object_id: request.params.id, str: `Cargo ${request.params.id}` },
      referencia_pago: request.body.reference,
      monto: charge.amount,
    });
    return charge;
  },
);

app.put<{ Params: { username: string }; Body: { role: Role } }>(
  '/users/:username/role',
  async (request, reply) => {
    const user = userOf(request);
    const other = users.get(request.params.username);
    if (user?.role !== 'admin') return reply.status(403).send({ detail: 'Se requiere el rol admin' });
    if (!other) return reply.status(404).send({ detail: 'No existe' });
    const before = other.role;
    other.role = request.body.role;
    void auditoria.registrarCambioRol({
      usuario: { id: user.id, username: user.username },
      usuario_afectado: { id: other.id, username: request.params.username },
      rol_anterior: before,
      rol_nuevo: other.role,
    });
    return { role: other.role };
  },
);

/** The token with which the user's browser asks Bitácora directly: a JWT (RFC 7519) that is valid for half an hour. */
function viewerToken({ id, role }: { id: string; role: Role }): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const iat = Math.floor(Date.now() / 1_000);
  const claims = { iss: 'condominium', sub: id, tenant: 'default', roles: [role], iat, exp: iat + 1_800 };
  const signed = `${part({ alg: 'HS256', typ: 'JWT', kid: 'condominium' })}.${part(claims)}`;
  const key = Buffer.from(secret, 'base64url');
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}

console.log(`listens on ${await app.listen({ port: Number(process.env['PORT'] ?? 3000) })}`);
