import type { Actor, Client, JsonObject, JsonValue } from '@bitacora/event';
import type { CloseReason, Params, Route } from '@bitacora/pack-kit';
import { refusedUser, userParam } from './activity-filters.ts';
import { hostId } from './activity-row.ts';
import { durationText } from './duration-text.ts';
import { pageAnswer, pageOf, pageParams } from './page.ts';

const base = '/api/audit/sesiones/';
const bareListMax = 1_000;
const idParam: Params = { id: { in: 'path', type: 'integer', min: 1 } };
const causes: Readonly<Record<CloseReason, string>> = {
  ...{ logout: 'logout', expiry: 'expiracion', administrator: 'administrador' },
};

/** A session as the core answers it. */
type Session = {
  readonly id: string;
  readonly index: number;
  readonly actor: Actor;
  readonly client: Client;
  readonly startedAt: string;
  readonly lastSeenAt: string;
  readonly active: boolean;
  readonly closedAt: string | null;
  readonly closeReason: CloseReason | null;
  readonly durationMs: number;
};

/** Everything under `sesiones/`. The core shows nobody sessions that are not his to see. */
export const sessionRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: base,
    params: { ...pageParams, ...userParam, activas_solo: { in: 'query', type: 'boolean' } },
    permission: 'sesiones.read',
    plan: (params, caller) =>
      refusedUser(params, caller) ?? listPlan(params, params['activas_solo'] === true),
    shape: listShape,
  },
  {
    method: 'GET',
    path: `${base}mis_sesiones/`,
    permission: 'sesiones.read',
    plan: (_, { id }) => ({ page: { read: 'sessions', actor: id, limit: bareListMax } }),
    shape: ({ page = null }) => sessionsOf(page).map(sessionRow),
  },
  {
    method: 'GET',
    path: `${base}activas/`,
    params: { ...pageParams, ...userParam },
    permission: 'sesiones.read',
    plan: (params, caller) => refusedUser(params, caller) ?? listPlan(params, true),
    shape: listShape,
  },
  {
    method: 'GET',
    path: `${base}concurrentes/`,
    permission: 'sesiones.read',
    plan: () => ({ found: { read: 'sessions.concurrent' } }),
    shape: ({ found = null }) => {
      const { actors } = found as unknown as {
        actors: readonly { actor: Actor; sessions: readonly Session[] }[];
      };
      return actors.map(({ actor, sessions }) => ({
        usuario: hostId(actor.id),
        usuario_nombre: actor.name ?? null,
        total: sessions.length,
        sesiones: sessions.map(sessionRow),
      }));
    },
  },
  {
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
        ...(typeof actor === 'string' ? { actor } : {}),
        ...(typeof from === 'string' ? { from } : {}),
        ...(typeof to === 'string' ? { to } : {}),
      },
    }),
    shape: patterns,
  },
  {
    method: 'GET',
    path: `${base}{id}/`,
    params: idParam,
    permission: 'sesiones.read',
    plan: ({ id }) => ({ session: { read: 'session', index: Number(id) - 1 } }),
    shape: ({ session = null }) => sessionRow(session as unknown as Session),
  },
  {
    method: 'POST',
    path: `${base}{id}/cerrar/`,
    params: { ...idParam, motivo: { in: 'query', type: 'string' } },
    permission: 'sesiones.close',
    plan: ({ id, motivo }) => ({
      session: {
        ...{ read: 'session.close', index: Number(id) - 1 },
        ...(typeof motivo === 'string' ? { reason: motivo } : {}),
      },
    }),
    shape: ({ session = null }) => sessionRow(session as unknown as Session),
  },
];

function listPlan(params: Parameters<Route['plan']>[0], active: boolean): ReturnType<Route['plan']> {
  const { offset, limit } = pageOf(params);
  const actor = params['usuario'];
  return {
    page: {
      ...{ read: 'sessions', offset, limit, count: true },
      ...(active ? { active } : {}),
      ...(typeof actor === 'string' ? { actor } : {}),
    },
  };
}

function listShape(
  { page = null }: Parameters<Route['shape']>[0],
  params: Parameters<Route['shape']>[1],
  ...[, caller]: [unknown, Parameters<Route['shape']>[3]]
): JsonValue {
  const { count } = page as unknown as { count: number };
  return pageAnswer({ count, results: sessionsOf(page).map(sessionRow) }, params, caller);
}

/** The body of the core's list of sessions. */
function sessionsOf(page: JsonValue): readonly Session[] {
  return (page as unknown as { sessions: readonly Session[] }).sessions;
}

/** Never the token: not even the core has it. */
function sessionRow(session: Session): JsonObject {
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

function patterns({ patterns: found = null }: Parameters<Route['shape']>[0]): JsonObject {
  const { count, hours, weekdays, meanDurationMs } = found as unknown as {
    count: number;
    hours: readonly number[];
    weekdays: readonly number[];
    meanDurationMs: number | null;
  };
  const names = ['lunes', 'martes', 'miercoles', 'jueves', 'viernes', 'sabado', 'domingo'];
  return {
    total_sesiones: count,
    por_hora: Object.fromEntries(hours.map((sessions, hour) => [String(hour), sessions])),
    por_dia_semana: Object.fromEntries(names.map((name, day) => [name, weekdays[day] ?? 0])),
    duracion_promedio_segundos: meanDurationMs === null ? null : Math.round(meanDurationMs / 1_000),
    duracion_promedio_str: meanDurationMs === null ? null : durationText(meanDurationMs),
  };
}
