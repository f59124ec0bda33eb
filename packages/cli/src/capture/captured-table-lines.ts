import type { CapturedTable } from '@bitacora/sdk/postgres';

/** One line for each table that says what is captured of it. */
export function capturedTableLines(tables: readonly CapturedTable[]): string {
  const width = Math.max(...tables.map(({ table }) => table.length), 0);
  return tables.map((table) => `${table.table.padEnd(width)}  ${describe(table)}\n`).join('');
}

function describe({ captured, enabled, ignore, mask }: CapturedTable): string {
  if (!captured) return 'not captured';
  const parts = [
    enabled ? 'captured' : 'captured, but its triggers are disabled',
    ...(ignore.length > 0 ? [`ignores ${ignore.join(', ')}`] : []),
    ...(mask.length > 0 ? [`masks ${mask.join(', ')}`] : []),
  ];
  return parts.join('; ');
}
