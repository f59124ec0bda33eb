import { createHmac, randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { createClient } from '@bitacora/client';
import { closingLogger } from '@bitacora/pack-accounting-closing';
import { createAudit } from '@bitacora/sdk';
import { auditRequests } from '@bitacora/sdk/express';
import express, { type Request, type Response } from 'express';
import { closings, clients, closingOf, users, type Closing, type User } from './closings.ts';

// An accounting firm closes its clients' periods card by card. Server and key: BITACORA_URL, BITACORA_API_KEY;
// VIEWER_SECRET is what the server knows as the viewer key "closing".
const audit = createAudit({ name: 'closing', closeOnExit: true });
const { registrarActividadTarjeta } = closingLogger((event) => audit.capture(event));
const secret = process.env['VIEWER_SECRET'] ?? '';

// Entries keep the names and the state that the directory has when they come in.
const { directory } = createClient({
  url: process.env['BITACORA_URL'] ?? 'http://localhost:4000',
  key: process.env['BITACORA_API_KEY'] ?? '',
});
const tellClosing = ({ cliente_id, periodo, estado }: Closing): Promise<void> =>
  directory.put('closing', `${cliente_id}/${periodo}`, { estado });
for (const { id, nombre, apellido, correo_bdo, tipo_usuario } of users)
  await directory.put('user', String(id), { nombre, apellido, correo_bdo, tipo_usuario });
for (const { id, nombre } of clients) await directory.put('client', String(id), { nombre });
for (const closing of closings) await tellClosing(closing);

/** The token that lets somebody in → who. */
const signedIn = new Map<string, User>();
const userOf = (request: Pick<Request, 'get'>): User | undefined =>
  signedIn.get(request.get('x-session') ?? '');
const actorOf = (user: User | undefined) => user && { id: user.id, role: user.tipo_usuario };

const app = express();
app.use(
  auditRequests<Request>(audit, {
    actorOf: (request) => actorOf(userOf(request)),
    // What is done to a card is an entry of its own.
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
  const found = asked(request, response);
  if (!found) return;
  const { tarjeta } = request.params;
  const { archivo } = request.body;
  const estado = found.closing.tarjetas.get(tarjeta);
  const taken = estado === 'pendiente' && String(archivo).endsWith('.xlsx');
  if (taken) found.closing.tarjetas.set(tarjeta, 'completo');
  void registrarActividadTarjeta({
    ...about(found),
    ...{ tarjeta, accion: 'upload', detalles: { archivo } },
    ...(taken
      ? { descripcion: `Archivo subido: ${archivo}` }
      : { descripcion: `Archivo rechazado: ${archivo}`, resultado: 'error' }),
  });
  response.status(taken ? 201 : 400).json({ tarjeta, estado: found.closing.tarjetas.get(tarjeta) ?? null });
});

app.post('/cierres/:cliente/:periodo/cerrar', async (request, response) => {
  const found = asked(request, response);
  if (!found) return;
  const { closing } = found;
  const missing = [...closing.tarjetas]
    .filter(([, estado]) => estado !== 'completo')
    .map(([tarjeta]) => tarjeta);
  const all = { ...about(found), tarjeta: 'cierre', accion: 'cerrar', detalles: { pendientes: missing } };
  if (missing.length > 0) {
    void registrarActividadTarjeta({ ...all, descripcion: 'Faltan tarjetas', resultado: 'advertencia' });
    return void response.status(409).json({ error: 'Faltan tarjetas', pendientes: missing });
  }
  closing.estado = 'cerrado';
  // What was captured before must come in before: an entry has the state of its closing at that time.
  await audit.flush();
  await tellClosing(closing);
  void registrarActividadTarjeta({ ...all, descripcion: 'Cierre terminado' });
  response.json({ estado: closing.estado });
});

/** Who asks and the closing of the path; undefined when it was answered that there is none. */
function asked(request: Request<{ cliente: string; periodo: string }>, response: Response) {
  const user = userOf(request);
  const closing = closingOf(Number(request.params.cliente), request.params.periodo);
  if (!user) response.status(401).json({ error: 'No autenticado' });
  else if (!closing) response.status(404).json({ error: 'No hay tal cierre' });
  else return { user, closing };
  return undefined;
}

function about({ user, closing }: { user: User; closing: Closing }) {
  return { cliente_id: closing.cliente_id, periodo: closing.periodo, usuario: user.id };
}

/** With this the user's browser asks Bitácora itself: a JWT (RFC 7519) that is good for half an hour. */
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
