import type { JsonObject, JsonValue } from '@bitacora/event';
import type { Answers, Filters, Read, Route } from '@bitacora/pack-kit';
import { userOf, type Entry } from './activity-row.ts';
import { addDays } from './calendar.ts';

const listMax = 10;
const kindsMax = 1_000;
const users = 'actor.type:user';

/** `resumen/`: totals of today, of the last seven days and of all time. */
export function summaryRoute(path: string): Route {
  return {
    method: 'GET',
    path,
    permission: 'registros.summary',
    plan: (_, { today }) => ({
      total: count({}),
      hoy: count({ from: today, to: today }),
      semana: count({ from: addDays(today, -6), to: today }),
      logins: count({
        from: today,
        to: today,
        q: '-outcome:failure',
        attributes: { tipo_actividad: 'login' },
      }),
      fallidos: count({
        from: today,
        to: today,
        outcome: 'failure',
        attributes: { tipo_actividad: 'login' },
      }),
      criticos: count({ from: today, to: today, level: 'critical' }),
      activos: {
        ...{ read: 'histogram', interval: 'day', distinct: 'actor' },
        filters: { from: today, to: today, q: users },
      },
      sesiones: { read: 'sessions', active: true, limit: 1, count: true },
      tipos: { read: 'facets', fields: ['attributes.tipo_actividad'], limit: kindsMax },
      usuarios: { read: 'top', field: 'actor', limit: listMax, filters: { q: users } },
      ips: { read: 'top', field: 'ip', limit: listMax },
    }),
    shape: summary,
  };
}

function count(filters: Filters): Read {
  return { read: 'count', filters };
}

type Facet = { readonly value: string; readonly count: number };
type Top = { readonly values: readonly { readonly count: number; readonly entry: Entry }[] };

function summary(answers: Answers): JsonValue {
  const countOf = (name: string): number => answered<{ count?: number }>(answers, name).count ?? 0;
  const { facets } = answered<{ facets: Readonly<Record<string, readonly Facet[]>> }>(answers, 'tipos');
  const { buckets } = answered<{ buckets: readonly { distinct: number }[] }>(answers, 'activos');
  const kinds = facets['attributes.tipo_actividad'] ?? [];
  return {
    total_registros: countOf('total'),
    registros_hoy: countOf('hoy'),
    registros_semana: countOf('semana'),
    logins_exitosos_hoy: countOf('logins'),
    logins_fallidos_hoy: countOf('fallidos'),
    usuarios_activos_hoy: buckets[0]?.distinct ?? 0,
    sesiones_activas: countOf('sesiones'),
    errores_criticos_hoy: countOf('criticos'),
    actividades_por_tipo: Object.fromEntries(kinds.map(({ value, count: times }) => [value, times])),
    usuarios_mas_activos: answered<Top>(answers, 'usuarios').values.map(userLine),
    ips_mas_frecuentes: answered<Top>(answers, 'ips').values.flatMap(({ count: times, entry }) => {
      const ip = entry.event.client?.ip;
      // An address that was erased meanwhile is counted, but cannot be named.
      return ip === undefined ? [] : [{ ip_address: ip, count: times }];
    }),
  };
}

function userLine({ count: times, entry }: Top['values'][number]): JsonObject {
  const user = userOf(entry.event) ?? {};
  return { usuario__username: user['username'] ?? null, usuario__email: user['email'] ?? null, count: times };
}

/** A body of the public API; its shape is the core's promise. */
function answered<T>(answers: Answers, name: string): T {
  return (answers[name] ?? {}) as T;
}
