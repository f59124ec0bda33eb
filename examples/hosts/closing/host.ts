import { createHmac, randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createClient } from '@bitacora/client';
import { closingLogger } from '@bitacora/pack-accounting-closing';
import { createAudit } from '@bitacora/sdk';
import { auditRequests } from '@bitacora/sdk/express';
import express, { type Request, type Response } from 'express';
import { closings, clients, closingOf, users, type Closing, type User } from './closings.ts';

// An accounting firm closes its clients' periods card by card. The server's address and the key are in BITACORA_URL and
// BITACORA_API_KEY; VIEWER_SECRET is the secret of the server's viewer key "closing".
const audit = createAudit({ name: 'closing', closeOnExit: true });
const { registrarActividadTarjeta } = closingLogger((event) => audit.capture(event));
const secret = process.env['VIEWER_SECRET'] ?? '';

// An entry keeps the names and the state that the directory has when the event arrives.
const { directory } = createClient({
  url: process.env['BITACORA_URL'] ?? 'http://localhost:4000',
  key: process.env['BITACORA_API_KEY'] ?? '',
});
const putClosing = ({ cliente_id, periodo, estado }: Closing): Promise<void> =>
  directory.put('closing', `${cliente_id}/${periodo}`, { estado });
for (const { id, nombre, apellido, correo_bdo, tipo_usuario } of users)
  await directory.put('user', String(id), { nombre, apellido, correo_bdo, tipo_usuario });
for (const { id, nombre } of clients) await directory.put('client', String(id), { nombre });
for (const closing of closings) await putClosing(closing);

/** The user of each token. */
const signedIn = new Map<string, User>();
const userOf = (request: Pick<Request, 'get'>): User | undefined =>
  signedIn.get(request.get('x-session') ?? '');
const actorOf = (user: User | undefined) => user && { id: user.id, role: user.tipo_usuario };

const app = express();
app.use(
  auditRequests<Request>(audit, {
    actorOf: (request) => actorOf(userOf(request)),
    // Work on a card is captured as its own event, so the request itself is not recorded.
    policyOf: (_request, { path }) => ({ record: !path.startsWith('/cierres') }),
    signIn: {
      path: '/login',
      actorOf: ({ body }) => actorOf(users.find(({ correo_bdo }) => correo_bdo === body.correo)),
    },
  }),
);
app.use(express.json());

app.post('/login', (request, response) => {
  const { correo, clave } = request.body;
  const user = users.find(({ correo_bdo }) => correo_bdo === correo);
  if (user === undefined || user.clave !== clave)
    return void response.status(401).json({ error: 'Credenciales inválidas' });
  const token = randomUUID();
  signedIn.set(token, user);
  response.json({ token, auditToken: viewerToken(user) });
});

app.post('/cierres/:cliente/:periodo/tarjetas/:tarjeta/archivo', (request, response) => {
  const context = closingContext(request, response);
  if (!context) return;
  const { tarjeta } = request.params;
  const { archivo } = request.body;
  const { tarjetas } = context.closing;
  const isTaken = tarjetas.get(tarjeta) === 'pendiente' && String(archivo).endsWith('.xlsx');
  if (isTaken) tarjetas.set(tarjeta, 'completo');
  const outcome = isTaken
    ? { descripcion: `Archivo subido: ${archivo}` }
    : { descripcion: `Archivo rechazado: ${archivo}`, resultado: 'error' as const };
  void registrarActividadTarjeta({
    ...fieldsOf(context),
    ...outcome,
    tarjeta,
    accion: 'upload',
    detalles: { archivo },
  });
  response.status(isTaken ? 201 : 400).json({ tarjeta, estado: tarjetas.get(tarjeta) ?? null });
});

app.post('/cierres/:cliente/:periodo/cerrar', async (request, response) => {
  const context = closingContext(request, response);
  if (!context) return;
  const { closing } = context;
  const missing = [...closing.tarjetas]
    .filter(([, estado]) => estado !== 'completo')
    .map(([tarjeta]) => tarjeta);
  const activity = {
    ...fieldsOf(context),
    tarjeta: 'cierre',
    accion: 'cerrar',
    detalles: { pendientes: missing },
  };
  if (missing.length > 0) {
    void registrarActividadTarjeta({ ...activity, descripcion: 'Faltan tarjetas', resultado: 'advertencia' });
    return void response.status(409).json({ error: 'Faltan tarjetas', pendientes: missing });
  }
  closing.estado = 'cerrado';
  // Events that were captured before must arrive before the change: an entry has the state of its closing at that time.
  await audit.flush();
  await putClosing(closing);
  void registrarActividadTarjeta({ ...activity, descripcion: 'Cierre terminado' });
  response.json({ estado: closing.estado });
});

/** The signed-in user and the closing that the path names; undefined when the request was answered with an error. */
function closingContext(request: Request<{ cliente: string; periodo: string }>, response: Response) {
  const user = userOf(request);
  const closing = closingOf(Number(request.params.cliente), request.params.periodo);
  if (!user) response.status(401).json({ error: 'No autenticado' });
  else if (!closing) response.status(404).json({ error: 'No hay tal cierre' });
  else return { user, closing };
  return undefined;
}

/** The fields that all activities on a closing share. */
function fieldsOf({ user, closing }: { user: User; closing: Closing }) {
  return { cliente_id: closing.cliente_id, periodo: closing.periodo, usuario: user.id };
}

/** The token with which the user's browser asks Bitácora directly: a JWT (RFC 7519) that is valid for half an hour. */
function viewerToken({ id, tipo_usuario }: User): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const iat = Math.floor(Date.now() / 1_000);
  const claims = {
    iss: 'closing',
    sub: String(id),
    tenant: 'default',
    roles: [tipo_usuario],
    iat,
    exp: iat + 1_800,
  };
  const signed = `${part({ alg: 'HS256', typ: 'JWT', kid: 'closing' })}.${part(claims)}`;
  const key = Buffer.from(secret, 'base64url');
  return `${signed}.${createHmac('sha256', key).update(signed).digest('base64url')}`;
}

const server = app.listen(Number(process.env['PORT'] ?? 3000), '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  console.log(`listens on http://127.0.0.1:${port}`);
});
