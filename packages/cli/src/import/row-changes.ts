import type { Change } from '@bitacora/event';
import { CliError } from '../cli-error.ts';
import { columnsFrom } from './attributes.ts';
import type { MapScope } from './map-scope.ts';
import { isMapping } from './mapping.ts';
import type { Cells, Row } from './row.ts';

/** Changes of a row against the one kept for the same target; `keep` makes this row the one to compare with. */
export interface RowChanges {
  compare(target: string, row: Row): readonly Change[] | undefined;
  keep(target: string, row: Row): void;
}

const targetsMax = 10_000_000;

/**
 * Compiles `{previous: target, columns, except}`: each row is compared with the previous row of the same target in file order.
 * The first row of a target has no changes. A null on one side stays `null`. Memory holds the last row of each target. With
 * more than ten million targets it throws `CliError`, because leaving out changes silently would be worse.
 */
export function compileChanges(spec: unknown, where: string, scope: MapScope): () => RowChanges {
  if (!isMapping(spec) || spec['previous'] !== 'target')
    throw scope.error(where, 'previous: target is needed');
  scope.only(spec, ['previous', 'columns', 'except'], where);
  const columnsOf = columnsFrom(spec, where, scope);
  return () => {
    const last = new Map<string, Cells>();
    return {
      compare(target, row) {
        const before = last.get(target);
        if (before === undefined) return undefined;
        const changes = columnsOf(row.cells).flatMap((path) => {
          const old = scope.cell(before, path) ?? null;
          const now = scope.cell(row.cells, path) ?? null;
          const same =
            old === now || (typeof old === 'object' && JSON.stringify(old) === JSON.stringify(now));
          return same ? [] : [{ path, before: old, after: now }];
        });
        return changes.length === 0 ? undefined : changes;
      },
      keep(target, row) {
        last.set(target, row.cells);
        if (last.size > targetsMax) throw new CliError(`more than ${targetsMax} targets to compare with`);
      },
    };
  };
}
