import type { JsonValue } from '@bitacora/event';
import { compileValue } from './map-value.ts';
import type { MapScope } from './map-scope.ts';
import { isMapping } from './mapping.ts';
import type { Cells, Row } from './row.ts';

/**
 * Compiles `{columns, except, types, add}` into an event's attributes: the named columns (`all` by default) under their own
 * names, without nulls, as texts unless `types` gives another type; then the values of `add`.
 */
export function compileAttributes(
  spec: unknown,
  where: string,
  scope: MapScope,
): (row: Row) => Readonly<Record<string, JsonValue>> | undefined {
  if (!isMapping(spec)) throw scope.error(where, 'a mapping with columns, except, types or add is needed');
  scope.only(spec, ['columns', 'except', 'types', 'add'], where);
  const columnsOf = columnsFrom(spec, where, scope);
  const types = spec['types'] ?? {};
  if (!isMapping(types)) throw scope.error(where, 'types: a mapping of columns to types is needed');
  const converters = new Map(
    Object.entries(types).map(([column, type]) => {
      scope.uses(column);
      return [column, scope.converter(type, `${where}.types.${column}`)];
    }),
  );
  const added = compileValue(spec['add'] ?? {}, `${where}.add`, scope);
  return (row) => {
    const attributes: Record<string, JsonValue> = {};
    for (const column of columnsOf(row.cells)) {
      const value = scope.cell(row.cells, column);
      if (value === undefined) continue;
      const convert = converters.get(column);
      attributes[column] = convert === undefined ? value : convert(value, column);
    }
    const more = added(row);
    if (isMapping(more)) Object.assign(attributes, more);
    return Object.keys(attributes).length === 0 ? undefined : attributes;
  };
}

/** `columns` (a list, or `all`) without `except`, as a function of the row. */
export function columnsFrom(
  spec: Record<string, unknown>,
  where: string,
  scope: MapScope,
): (cells: Cells) => readonly string[] {
  const except = new Set(namesIn(spec['except'] ?? [], `${where}.except`, scope));
  const { columns = 'all' } = spec;
  if (columns !== 'all') {
    const listed = namesIn(columns, `${where}.columns`, scope).filter((column) => !except.has(column));
    return () => listed;
  }
  if (except.size === 0) return Object.keys;
  return (cells) => Object.keys(cells).filter((column) => !except.has(column));
}

function namesIn(list: unknown, where: string, scope: MapScope): string[] {
  if (!Array.isArray(list)) throw scope.error(where, 'a list of columns is needed');
  return list.map((name) => {
    if (typeof name !== 'string') throw scope.error(where, 'a list of columns is needed');
    scope.uses(name);
    return name;
  });
}
