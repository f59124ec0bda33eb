import type { CatalogueTable } from './audited-table.ts';
import type { PgResult } from './pg-client.ts';
import type { SqlCommand } from './sql-command.ts';

/**
 * Whether the triggers of a table are there now. A transaction that is repeatable read or serializable sees the tables of
 * the catalogue as they were when it began; triggers fire by what they are now, and so does `pg_get_object_address` look.
 */
export async function triggersNow(
  { schema, name, partition }: CatalogueTable,
  run: (command: SqlCommand) => Promise<PgResult>,
): Promise<boolean> {
  const place = JSON.stringify([schema, partition ?? name, 'bitacora_capture_insert']);
  await run({ text: askSql(place), values: [] });
  const { rows } = await run({
    text: `select pg_catalog.current_setting('bitacora.triggers_now') as found`,
    values: [],
  });
  const [row] = rows;
  return typeof row === 'object' && row !== null && Reflect.get(row, 'found') === 'true';
}

// A trigger that is not there is an error, which only a block of its own survives; such a block has no values and no answer.
function askSql(place: string): string {
  const quoted = place.replaceAll("'", "''");
  const body = `begin
  perform pg_catalog.pg_get_object_address('trigger', array(select pg_catalog.json_array_elements_text('${quoted}')), '{}');
  perform pg_catalog.set_config('bitacora.triggers_now', 'true', true);
exception when undefined_object then
  perform pg_catalog.set_config('bitacora.triggers_now', 'false', true);
end`;
  return `do '${body.replaceAll("'", "''")}'`;
}
