import type { Caller, Filters, Params, Refused, ValuesOf } from '@bitacora/pack-kit';
import { importanceNames, levelOfImportance } from './importance.ts';

const userCharsMax = 512;
/** With this limit, even words of one letter together with the terms of other filters stay below the limit of a query. */
const searchCharsMax = 180;
export const userParam = {
  usuario: { in: 'query', type: 'string', max: userCharsMax },
} as const satisfies Params;

export const filterParams = {
  ...userParam,
  tipo_actividad: { in: 'query', type: 'string' },
  nivel_importancia: { in: 'query', type: { enum: importanceNames } },
  es_exitoso: { in: 'query', type: 'boolean' },
  fecha_inicio: { in: 'query', type: 'date' },
  fecha_fin: { in: 'query', type: 'date' },
  busqueda: { in: 'query', type: 'string', max: searchCharsMax },
  duration_min: { in: 'query', type: 'integer', min: 0 },
  duration_max: { in: 'query', type: 'integer', min: 0 },
} as const satisfies Params;

export type FilterValues = ValuesOf<typeof filterParams>;

/** Only callers who see everybody's entries may name another `usuario`. */
export function refusedUser({ usuario }: ValuesOf<typeof userParam>, caller: Caller): Refused | undefined {
  if (usuario === undefined || usuario === caller.id || seesAll(caller)) return undefined;
  const detail = 'Usted no puede ver los registros de otros usuarios.';
  return { refused: { code: 'forbidden', parameter: 'usuario', detail } };
}

export function seesAll({ permissions }: Caller): boolean {
  return permissions.includes('read.all');
}

/** `more`: further terms of the query, all of which must match. */
export function activityFilters(params: FilterValues, ...more: readonly string[]): Filters {
  const { usuario, tipo_actividad, nivel_importancia, es_exitoso, fecha_inicio, fecha_fin } = params;
  const q = [...queryTerms(params), ...more].join(' ');
  return {
    ...(q === '' && usuario === undefined ? {} : { q: [...userTerm(usuario), q].join(' ').trim() }),
    ...(tipo_actividad === undefined ? {} : { attributes: { tipo_actividad } }),
    ...(nivel_importancia === undefined ? {} : { level: levelOfImportance(nivel_importancia) }),
    ...(es_exitoso === undefined
      ? {}
      : { outcome: es_exitoso === true ? ['success', 'warning', 'skipped', 'pending'] : 'failure' }),
    ...(fecha_inicio === undefined ? {} : { from: fecha_inicio }),
    ...(fecha_fin === undefined ? {} : { to: fecha_fin }),
  };
}

/** The query term for the activity of one user. */
export function byUser(id: string): string {
  return `actor.id:"${id.replaceAll(/["\\]/g, '\\$&')}"`;
}

function userTerm(usuario: string | undefined): string[] {
  return usuario === undefined ? [] : [byUser(usuario)];
}

/** The typed text is searched as plain words, even when it looks like query language. */
function* queryTerms({ busqueda, duration_min, duration_max }: FilterValues): Generator<string> {
  if (busqueda !== undefined) {
    const words = busqueda.match(/[\p{L}\p{N}\p{M}]+/gu) ?? [];
    // A word without a letter or digit finds nothing, because no entry has such a word.
    yield words.length === 0 ? 'action:"?"' : words.map((word) => `"${word}"`).join(' ');
  }
  if (typeof duration_min === 'number') yield `durationMs:>=${duration_min}`;
  if (typeof duration_max === 'number') yield `durationMs:<=${duration_max}`;
}
