import type { JsonValue } from '@bitacora/event';
import {
  addDays,
  packRoute,
  type AnswersOf,
  type Caller,
  type Refused,
  type Route,
} from '@bitacora/pack-kit';
import { filterParams, type FilterValues } from './activity-filters.ts';
import { dailyStatistics, emptyDay, statisticsPlan, type StatisticsPlan } from './daily-statistics.ts';
import { offsetOf, pageAnswer, pageParams } from './page.ts';

const base = '/api/audit/estadisticas/';
const daysMax = 366;
const permission = 'estadisticas.read';
const { fecha_inicio: _from, fecha_fin: _to, ...withoutDates } = filterParams;

/**
 * The routes under `estadisticas/`. Nothing is stored: each answer is counted anew and includes entries that arrived late.
 */
export const statisticsRoutes: readonly Route[] = [
  packRoute({
    method: 'GET',
    path: base,
    params: { ...filterParams, ...pageParams },
    permission,
    plan: statisticsPlan,
    shape(answers, params, _, caller) {
      const days = [...dailyStatistics(answers, caller.timeZone).values()].reverse();
      const offset = offsetOf(params);
      return pageAnswer(
        { count: days.length, results: days.slice(offset, offset + params.page_size) },
        params,
        caller,
      );
    },
  }),
  packRoute({
    method: 'GET',
    path: `${base}tendencias/`,
    params: { ...withoutDates, dias: { in: 'query', type: 'integer', min: 1, max: daysMax, default: 30 } },
    permission,
    plan: (params, caller) => statisticsPlan({ ...params, ...trendRange(params, caller) }),
    shape(answers, params, _, caller) {
      const { fecha_inicio, fecha_fin } = trendRange(params, caller);
      const { dias } = params;
      const days = dailyStatistics(answers, caller.timeZone);
      const all = Array.from({ length: dias }, (_day, n) => addDays(fecha_inicio, n));
      const tendencias = all.map((day) => days.get(day) ?? emptyDay(day));
      const total = tendencias.reduce((sum, row) => sum + Number(row['total_actividades']), 0);
      const promedio_diario = Math.round((total / dias) * 100) / 100;
      return { dias, fecha_inicio, fecha_fin, total_actividades: total, promedio_diario, tendencias };
    },
  }),
  packRoute({
    method: 'GET',
    path: `${base}{fecha}/`,
    params: { ...withoutDates, fecha: { in: 'path', type: 'date' } },
    permission,
    plan: (params) => dayPlan(params, params.fecha),
    shape: (answers, { fecha }, _, caller) => dayShape(answers, fecha, caller),
  }),
  packRoute({
    method: 'POST',
    path: `${base}generar/`,
    params: { fecha: { in: 'body', type: 'date' } },
    permission: 'estadisticas.build',
    plan: (params, { today }) => dayPlan({}, params.fecha ?? today),
    shape: (answers, { fecha }, _, caller) => dayShape(answers, fecha ?? caller.today, caller),
  }),
];

function trendRange(
  { dias }: { readonly dias: number },
  { today }: Caller,
): { fecha_inicio: string; fecha_fin: string } {
  return { fecha_inicio: addDays(today, 1 - dias), fecha_fin: today };
}

function dayPlan(params: FilterValues, fecha: string): StatisticsPlan | Refused {
  if (fecha.length !== 10) {
    const detail = 'fecha es un día, como 2026-03-31.';
    return { refused: { code: 'invalid_parameter', parameter: 'fecha', detail } };
  }
  return statisticsPlan({ ...params, fecha_inicio: fecha, fecha_fin: fecha });
}

function dayShape(answers: AnswersOf<StatisticsPlan>, day: string, { timeZone }: Caller): JsonValue {
  return dailyStatistics(answers, timeZone).get(day) ?? emptyDay(day);
}
