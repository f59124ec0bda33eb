import type { JsonObject, Level } from '@bitacora/event';
import { dayIn, type AnswerOf, type AnswersOf, type ReadOf } from '@bitacora/pack-kit';
import { activityFilters, type FilterValues } from './activity-filters.ts';
import { importanceOf } from './importance.ts';

export type StatisticsPlan = Readonly<
  Record<'niveles' | 'tipos' | 'logins' | 'usuarios', ReadOf<'histogram'>>
>;

/**
 * The reads from which the statistics of days are made. They include all acknowledged entries, because the core's index
 * does.
 */
export function statisticsPlan(params: FilterValues): StatisticsPlan {
  const byDay = { read: 'histogram', interval: 'day' } as const;
  return {
    niveles: { ...byDay, by: 'level', filters: activityFilters(params) },
    tipos: { ...byDay, by: 'attributes.tipo_actividad', filters: activityFilters(params) },
    logins: {
      ...byDay,
      by: 'attributes.tipo_actividad',
      filters: activityFilters(params, 'attributes.tipo_actividad:login', '-outcome:failure'),
    },
    usuarios: { ...byDay, distinct: 'actor', filters: activityFilters(params, 'actor.type:user') },
  };
}

type Bucket = AnswerOf<ReadOf<'histogram'>>['buckets'][number];

/** Day (`2026-03-31`, in the zone) → its statistics. Days without entries are left out; the oldest day is first. */
export function dailyStatistics(
  answers: AnswersOf<StatisticsPlan>,
  timeZone: string,
): Map<string, JsonObject> {
  const byDay = (name: keyof StatisticsPlan): Map<string, Bucket> =>
    new Map(answers[name].buckets.map((bucket) => [dayIn(timeZone, bucket.from), bucket]));
  const tipos = byDay('tipos');
  const logins = byDay('logins');
  const usuarios = byDay('usuarios');
  return new Map(
    [...byDay('niveles')].map(([fecha, { count = 0, by: levels = {} }]) => {
      const kinds = tipos.get(fecha)?.by ?? {};
      const row = {
        fecha,
        total_actividades: count,
        total_logins: logins.get(fecha)?.count ?? 0,
        total_usuarios_activos: usuarios.get(fecha)?.distinct ?? 0,
        actividades_criticas: levels['critical'] ?? 0,
        errores_sistema: kinds['error_sistema'] ?? 0,
        datos_estadisticas: { por_tipo: kinds, por_nivel: byImportance(levels) },
      };
      return [fecha, row] as const;
    }),
  );
}

/** The statistics of a day without entries. */
export function emptyDay(fecha: string): JsonObject {
  return {
    fecha,
    total_actividades: 0,
    total_logins: 0,
    total_usuarios_activos: 0,
    actividades_criticas: 0,
    errores_sistema: 0,
    datos_estadisticas: { por_tipo: {}, por_nivel: {} },
  };
}

function byImportance(levels: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(
    Object.entries(importanceOf).flatMap(([level, name]: [string, (typeof importanceOf)[Level]]) => {
      const count = levels[level];
      return count === undefined ? [] : [[name, count] as const];
    }),
  );
}
