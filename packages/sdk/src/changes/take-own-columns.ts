import type { PgResult } from './pg-client.ts';
import { ownColumn } from './rewrite-statement.ts';

/**
 * Takes our columns out of the answer of a rewritten statement, in place, and returns them by row. What is left is the answer
 * to the host's own statement.
 */
export function takeOwnColumns(
  result: PgResult,
  hadReturning: boolean,
): readonly Readonly<Record<string, string>>[] {
  const names = result.fields.map(({ name }) => name);
  const own = names.flatMap((name, at) => (name.startsWith(ownColumn) ? [at] : []));
  const taken = result.rows.map((row) => {
    const values: Record<string, string> = {};
    for (const at of own.toReversed()) {
      const name = names[at] ?? '';
      if (Array.isArray(row)) values[name] = String(row.splice(at, 1)[0]);
      else if (typeof row === 'object' && row !== null) {
        values[name] = String(Reflect.get(row, name));
        Reflect.deleteProperty(row, name);
      }
    }
    return values;
  });
  result.fields = hadReturning ? result.fields.filter(({ name }) => !name.startsWith(ownColumn)) : [];
  if (!hadReturning) result.rows = [];
  return taken;
}
