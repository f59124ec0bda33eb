import type { JsonObject, JsonValue } from '@bitacora/event';
import {
  packRoute,
  type AnswerOf,
  type Caller,
  type CloseReason,
  type Params,
  type ReadOf,
  type Route,
  type SessionAnswer,
  type SessionsPage,
  type ValuesOf,
} from '@bitacora/pack-kit';
import { refusedUser, userParam } from './activity-filters.ts';
import { hostId } from './activity-row.ts';
import { durationText } from './duration-text.ts';
import { offsetOf, pageAnswer, pageParams } from './page.ts';

const base = '/api/audit/sesiones/';
const bareListMax = 1_000;
const idParam = { id: { in: 'path', type: 'integer', min: 1 } } as const satisfies Params;
const listParams = { ...pageParams, ...userParam } as const satisfies Params;

type ListValues = ValuesOf<typeof listParams>;

const causes: Readonly<Record<CloseReason, string>> = {
  logout: 'logout',
  expiry: 'expiracion',
  administrator: 'administrador',
};

/** The routes under `sesiones/`. The core shows callers only the sessions that they may see. */
export const sessionRoutes: readonly Route[] = [
  packRoute({
    method: 'GET',
    path: base,
    params: { ...listParams, activas_solo: { in: 'query', type: 'boolean' } },
    permission: 'sesiones.read',
    plan: (params, caller) => refusedUser(params, caller) ?? listPlan(params, params.activas_solo === true),
    shape: ({ page }, params, _, caller) => listAnswer(page, { params, caller }),
  }),
  packRoute({
    method: 'GET',
    path: `${base}mis_sesiones/`,
    permission: 'sesiones.read',
    plan: (_, { id }) => ({ page: { read: 'sessions', actor: id, limit: bareListMax } }),
    shape: ({ page }) => page.sessions.map(sessionRow),
  }),
  packRoute({
    method: 'GET',
    path: `${base}activas/`,
    params: listParams,
    permission: 'sesiones.read',
    plan: (params, caller) => refusedUser(params, caller) ?? listPlan(params, true),
    shape: ({ page }, params, _, caller) => listAnswer(page, { params, caller }),
  }),
  packRoute({
    method: 'GET',
    path: `${base}concurrentes/`,
    permission: 'sesiones.read',
    plan: () => ({ concurrent: { read: 'sessions.concurrent' } }),
    shape: ({ concurrent: { actors } }) =>
      actors.map(({ actor, sessions }) => ({
        usuario: hostId(actor.id),
        usuario_nombre: actor.name ?? null,
        total: sessions.length,
        sesiones: sessions.map(sessionRow),
      })),
  }),
  packRoute({
    method: 'GET',
    path: `${base}patrones/`,
    params: {
      ...userParam,
      fecha_inicio: { in: 'query', type: 'date' },
      fecha_fin: { in: 'query', type: 'date' },
    },
    permission: 'sesiones.patterns',
    plan: ({ usuario: actor, fecha_inicio: from, fecha_fin: to }) => ({
      patterns: {
        read: 'sessions.patterns',
        ...(actor === undefined ? {} : { actor }),
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
      },
    }),
    shape: ({ patterns }) => patternsAnswer(patterns),
  }),
  packRoute({
    method: 'GET',
    path: `${base}{id}/`,
    params: idParam,
    permission: 'sesiones.read',
    plan: ({ id }) => ({ session: { read: 'session', index: id - 1 } }),
    shape: ({ session }) => sessionRow(session),
  }),
  packRoute({
    method: 'POST',
    path: `${base}{id}/cerrar/`,
    params: { ...idParam, motivo: { in: 'query', type: 'string' } },
    permission: 'sesiones.close',
    plan: ({ id, motivo }) => ({
      session: {
        read: 'session.close',
        index: id - 1,
        ...(motivo === undefined ? {} : { reason: motivo }),
      },
    }),
    shape: ({ session }) => sessionRow(session),
  }),
];

function listPlan(params: ListValues, active: boolean): { page: ReadOf<'sessions'> } {
  const { usuario, page_size } = params;
  return {
    page: {
      read: 'sessions',
      offset: offsetOf(params),
      limit: page_size,
      count: true,
      ...(active ? { active } : {}),
      ...(usuario === undefined ? {} : { actor: usuario }),
    },
  };
}

function listAnswer(
  { sessions, count = 0 }: SessionsPage,
  { params, caller }: { params: ListValues; caller: Caller },
): JsonValue {
  return pageAnswer({ count, results: sessions.map(sessionRow) }, params, caller);
}

/** The session in the form of the hosts, without their token, which the core does not store. */
function sessionRow(session: SessionAnswer): JsonObject {
  const { id, index, actor, client, closeReason } = session;
  return {
    id: index + 1,
    uuid: id,
    usuario: hostId(actor.id),
    usuario_nombre: actor.name ?? null,
    ip_address: client.ip ?? null,
    user_agent: client.userAgent ?? null,
    fecha_inicio: session.startedAt,
    fecha_ultimo_acceso: session.lastSeenAt,
    fecha_cierre: session.closedAt,
    esta_activa: session.active,
    duracion_sesion_str: durationText(session.durationMs),
    motivo_cierre: closeReason === null ? null : causes[closeReason],
  };
}

function patternsAnswer(patterns: AnswerOf<ReadOf<'sessions.patterns'>>): JsonObject {
  const { count, hours, weekdays, meanDurationMs } = patterns;
  const names = ['lunes', 'martes', 'miercoles', 'jueves', 'viernes', 'sabado', 'domingo'];
  return {
    total_sesiones: count,
    por_hora: Object.fromEntries(hours.map((sessions, hour) => [String(hour), sessions])),
    por_dia_semana: Object.fromEntries(names.map((name, day) => [name, weekdays[day] ?? 0])),
    duracion_promedio_segundos: meanDurationMs === null ? null : Math.round(meanDurationMs / 1_000),
    duracion_promedio_str: meanDurationMs === null ? null : durationText(meanDurationMs),
  };
}
