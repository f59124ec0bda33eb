import type { JsonValue } from '@bitacora/event';
import {
  packRoute,
  type Caller,
  type PackLabels,
  type Params,
  type ReadOf,
  type Refused,
  type Route,
  type SearchPage,
  type ValuesOf,
} from '@bitacora/pack-kit';
import { activityFilters, byUser, filterParams, refusedUser } from './activity-filters.ts';
import { activityDetail, activityLine, activityRow } from './activity-row.ts';
import { offsetOf, pageAnswer, pageParams } from './page.ts';
import { summaryRoute } from './summary.ts';

const base = '/api/audit/registros/';
const orders = ['-timestamp', 'timestamp', '-duration_ms', 'duration_ms'] as const;
const formats = ['csv', 'json', 'xlsx', 'pdf'] as const;
const listParams = {
  ...filterParams,
  ...pageParams,
  ordering: { in: 'query', type: { enum: orders }, default: '-timestamp' },
} as const satisfies Params;

type ListValues = ValuesOf<typeof listParams>;

/** Everything under `registros/`. */
export const activityRoutes: readonly Route[] = [
  packRoute({
    method: 'GET',
    path: base,
    params: listParams,
    permission: 'registros.read',
    plan: (params, caller) => refusedUser(params, caller) ?? listPlan(params),
    shape: ({ page }, params, labels, caller) => listAnswer(page, { params, labels, caller }),
  }),
  summaryRoute(`${base}resumen/`),
  packRoute({
    method: 'GET',
    path: `${base}mis_actividades/`,
    params: listParams,
    permission: 'registros.read',
    plan: (params, caller) => refusedUser(params, caller) ?? listPlan(params, byUser(caller.id)),
    shape: ({ page }, params, labels, caller) => listAnswer(page, { params, labels, caller }),
  }),
  packRoute({
    method: 'GET',
    path: `${base}exportar/`,
    params: { ...filterParams, formato: { in: 'query', type: { enum: formats }, default: 'csv' } },
    permission: 'registros.export',
    plan(params, caller) {
      const { formato } = params;
      if (formato !== 'csv' && formato !== 'json') return notYet(formato);
      const name = `registros-${caller.today}`;
      return { file: { read: 'export', format: formato, name, filters: activityFilters(params) } };
    },
    shape: () => null,
    row: activityLine,
  }),
  packRoute({
    method: 'GET',
    path: `${base}{id}/`,
    params: { id: { in: 'path', type: 'integer', min: 1 } },
    permission: 'registros.read',
    plan: ({ id }) => ({ entry: { read: 'entry', index: id - 1 } }),
    shape: ({ entry }, _, labels) => activityDetail(entry, labels),
  }),
];

function listPlan(params: ListValues, ...more: readonly string[]): { page: ReadOf<'search'> } {
  const { ordering, page_size } = params;
  return {
    page: {
      read: 'search',
      filters: activityFilters(params, ...more),
      offset: offsetOf(params),
      limit: page_size,
      count: true,
      order: ordering.startsWith('-') ? 'desc' : 'asc',
      ...(ordering.endsWith('duration_ms') ? { orderBy: 'durationMs' } : {}),
    },
  };
}

function listAnswer(
  { entries, count = 0 }: SearchPage,
  options: { params: ListValues; labels: PackLabels; caller: Caller },
): JsonValue {
  const { params, labels, caller } = options;
  return pageAnswer({ count, results: entries.map((entry) => activityRow(entry, labels)) }, params, caller);
}

function notYet(format: string): Refused {
  const detail = `formato ${format} llegará con los informes; por ahora csv o json.`;
  return { refused: { code: 'invalid_parameter', parameter: 'formato', detail } };
}
