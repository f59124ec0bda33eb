import type { JsonValue } from '@bitacora/event';
import type { Params, Plan, Refused, Route } from '@bitacora/pack-kit';
import { activityFilters, byUser, filterParams, refusedUser } from './activity-filters.ts';
import { activityDetail, activityLine, activityRow, type Entry } from './activity-row.ts';
import { pageAnswer, pageOf, pageParams } from './page.ts';
import { summaryRoute } from './summary.ts';

const base = '/api/audit/registros/';
const orders = ['-timestamp', 'timestamp', '-duration_ms', 'duration_ms'];
const ordering: Params = { ordering: { in: 'query', type: { enum: orders }, default: '-timestamp' } };
const listParams: Params = { ...filterParams, ...pageParams, ...ordering };
const formats = ['csv', 'json', 'xlsx', 'pdf'] as const;

type Page = { readonly entries: readonly Entry[]; readonly count: number };

const listShape: Route['shape'] = ({ page = null }, params, labels, caller) => {
  // The body of the core's own search.
  const { entries, count } = page as unknown as Page;
  return pageAnswer({ count, results: entries.map((entry) => activityRow(entry, labels)) }, params, caller);
};

function listPlan(params: Parameters<Route['plan']>[0], ...more: readonly string[]): Plan {
  const { offset, limit } = pageOf(params);
  const text = orders.find((name) => name === params['ordering']) ?? '-timestamp';
  return {
    page: {
      read: 'search',
      filters: activityFilters(params, ...more),
      ...{ offset, limit, count: true, order: text.startsWith('-') ? 'desc' : 'asc' },
      ...(text.endsWith('duration_ms') ? { orderBy: 'durationMs' } : {}),
    },
  };
}

/** Everything under `registros/`. */
export const activityRoutes: readonly Route[] = [
  {
    method: 'GET',
    path: base,
    params: listParams,
    permission: 'registros.read',
    plan: (params, caller) => refusedUser(params, caller) ?? listPlan(params),
    shape: listShape,
  },
  summaryRoute(`${base}resumen/`),
  {
    method: 'GET',
    path: `${base}mis_actividades/`,
    params: listParams,
    permission: 'registros.read',
    plan: (params, caller) => refusedUser(params, caller) ?? listPlan(params, byUser(caller.id)),
    shape: listShape,
  },
  {
    method: 'GET',
    path: `${base}exportar/`,
    params: { ...filterParams, formato: { in: 'query', type: { enum: formats }, default: 'csv' } },
    permission: 'registros.export',
    plan(params, caller) {
      const formato = formats.find((name) => name === params['formato']) ?? 'csv';
      if (formato !== 'csv' && formato !== 'json') return notYet(formato);
      const name = `registros-${caller.today}`;
      return { file: { read: 'export', format: formato, name, filters: activityFilters(params) } };
    },
    shape: () => null,
    row: (entry, labels) => activityLine(entryOf(entry), labels),
  },
  {
    method: 'GET',
    path: `${base}{id}/`,
    params: { id: { in: 'path', type: 'integer', min: 1 } },
    permission: 'registros.read',
    plan: ({ id }) => ({ entry: { read: 'entry', index: Number(id) - 1 } }),
    shape: ({ entry = null }, _, labels) => activityDetail(entryOf(entry), labels),
  },
];

function entryOf(entry: JsonValue): Entry {
  return entry as unknown as Entry;
}

function notYet(format: string): Refused {
  const detail = `formato ${format} llegará con los informes; por ahora csv o json.`;
  return { refused: { code: 'invalid_parameter', parameter: 'formato', detail } };
}
