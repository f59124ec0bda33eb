import type { JsonObject, JsonValue } from '@bitacora/event';
import {
  addDays,
  packRoute,
  type AnswerOf,
  type AnswersOf,
  type Filters,
  type ReadOf,
  type Route,
} from '@bitacora/pack-kit';
import { userOf } from './activity-row.ts';

const listMax = 10;
const kindsMax = 1_000;
const usersOnly = 'actor.type:user';

type SummaryPlan = ReturnType<typeof summaryPlan>;

/** `resumen/`: totals of today, of the last seven days and of all time. */
export function summaryRoute(path: string): Route {
  return packRoute({
    method: 'GET',
    path,
    permission: 'registros.summary',
    plan: (_, { today }) => summaryPlan(today),
    shape: (answers) => summary(answers),
  });
}

function summaryPlan(today: string) {
  const day = { from: today, to: today };
  const login = { ...day, attributes: { tipo_actividad: 'login' } };
  return {
    total: count({}),
    hoy: count(day),
    semana: count({ from: addDays(today, -6), to: today }),
    logins: count({ ...login, q: '-outcome:failure' }),
    fallidos: count({ ...login, outcome: 'failure' }),
    criticos: count({ ...day, level: 'critical' }),
    activos: { read: 'histogram', interval: 'day', distinct: 'actor', filters: { ...day, q: usersOnly } },
    sesiones: { read: 'sessions', active: true, limit: 1, count: true },
    tipos: { read: 'facets', fields: ['attributes.tipo_actividad'], limit: kindsMax },
    usuarios: { read: 'top', field: 'actor', limit: listMax, filters: { q: usersOnly } },
    ips: { read: 'top', field: 'ip', limit: listMax },
  } as const;
}

function count(filters: Filters): ReadOf<'count'> {
  return { read: 'count', filters };
}

function summary(answers: AnswersOf<SummaryPlan>): JsonValue {
  const kinds = answers.tipos.facets['attributes.tipo_actividad'] ?? [];
  return {
    total_registros: answers.total.count,
    registros_hoy: answers.hoy.count,
    registros_semana: answers.semana.count,
    logins_exitosos_hoy: answers.logins.count,
    logins_fallidos_hoy: answers.fallidos.count,
    usuarios_activos_hoy: answers.activos.buckets[0]?.distinct ?? 0,
    sesiones_activas: answers.sesiones.count ?? 0,
    errores_criticos_hoy: answers.criticos.count,
    actividades_por_tipo: Object.fromEntries(kinds.map(({ value, count: times }) => [value, times])),
    usuarios_mas_activos: answers.usuarios.values.map(userLine),
    ips_mas_frecuentes: answers.ips.values.flatMap(({ count: times, entry }) => {
      const ip = entry.event.client?.ip;
      // An address that was erased is counted, but cannot be shown.
      return ip === undefined ? [] : [{ ip_address: ip, count: times }];
    }),
  };
}

function userLine({ count: times, entry }: AnswerOf<ReadOf<'top'>>['values'][number]): JsonObject {
  const user = userOf(entry.event) ?? {};
  return { usuario__username: user['username'] ?? null, usuario__email: user['email'] ?? null, count: times };
}
