import type { Change, JsonValue } from '@bitacora/event';
import type { MapScope } from './map-scope.ts';
import { isMapping } from './mapping.ts';
import type { RowChanges } from './row-changes.ts';
import { RowError } from './row-error.ts';
import type { Row } from './row.ts';

/** Whether a map's `changes` compare two columns of the same row. */
export function hasStates(spec: unknown): spec is Record<string, unknown> {
  return isMapping(spec) && ('before' in spec || 'after' in spec);
}

/**
 * Compiles `{before: column, after: column}`, one of which may be absent. Each column contains the state of the target as a
 * JSON object, and each key of these objects is a change.
 */
export function compileStates(
  spec: Record<string, unknown>,
  where: string,
  scope: MapScope,
): () => RowChanges {
  scope.only(spec, ['before', 'after'], where);
  const sides = (['before', 'after'] as const).flatMap((side) => {
    const column = spec[side];
    if (column === undefined) return [];
    if (typeof column !== 'string') throw scope.error(`${where}.${side}`, 'the name of a column is needed');
    scope.uses(column);
    return [{ side, column, read: scope.converter('json', where) }];
  });
  return () => ({
    compare(_, row) {
      const changes = new Map<string, Change>();
      for (const { side, column, read } of sides) {
        for (const [path, value] of Object.entries(stateOf(row, column, { read, scope })))
          changes.set(path, { ...(changes.get(path) ?? { path }), [side]: value });
      }
      return changes.size === 0 ? undefined : [...changes.values()];
    },
    keep: () => undefined,
  });
}

function stateOf(
  { cells }: Row,
  column: string,
  { read, scope }: { read: (value: JsonValue, column: string) => JsonValue; scope: MapScope },
): Readonly<Record<string, JsonValue>> {
  const value = scope.cell(cells, column);
  const state = value === undefined ? null : read(value, column);
  if (state === null) return {};
  if (isMapping(state)) return state as Readonly<Record<string, JsonValue>>;
  throw new RowError(`${column}: not a JSON object`);
}
