import type { MapScope } from './map-scope.ts';
import { isMapping } from './mapping.ts';
import type { Row } from './row.ts';

/**
 * Compiles `{column: value, …}` into a test in which all columns must match. A value may be a list (one of its members must
 * match), `null`, or `{not: value}`. Values are compared as texts, so that `1` and `true` also match the texts of a CSV.
 */
export function compileCondition(spec: unknown, where: string, scope: MapScope): (row: Row) => boolean {
  if (!isMapping(spec)) throw scope.error(where, 'a mapping of columns to values is needed');
  const tests = Object.entries(spec).map(([column, wanted]) => {
    scope.uses(column);
    const negated = isMapping(wanted);
    if (negated) scope.only(wanted, ['not'], `${where}.${column}`);
    const allowed = new Set([negated ? wanted['not'] : wanted].flat().map(textOf));
    return ({ cells }: Row) => allowed.has(textOf(scope.cell(cells, column))) !== negated;
  });
  return (row) => tests.every((holds) => holds(row));
}

function textOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  return typeof value === 'string' ? value : JSON.stringify(value);
}
