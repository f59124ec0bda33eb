import type { CatalogueTable } from './audited-table.ts';
import type { PgResult } from './pg-client.ts';
import type { SqlCommand } from './sql-command.ts';

/**
 * Whether the triggers of a table are there now. A transaction that is repeatable read or serializable sees the tables of
 * the catalogue as they were when it began. Triggers fire as they are now, and `pg_get_object_address` looks for them as
 * they are now.
 */
export async function hasTriggers(
  { schema, name, partition }: CatalogueTable,
  run: (command: SqlCommand) => Promise<PgResult>,
): Promise<boolean> {
  const place = JSON.stringify([schema, partition ?? name, 'bitacora_capture_insert']);
  await run({ text: lookUpSql(place), values: [] });
  const { rows } = await run({
    text: `select pg_catalog.current_setting('bitacora.triggers_now') as present`,
    values: [],
  });
  const [row] = rows;
  return typeof row === 'object' && row !== null && Reflect.get(row, 'present') === 'true';
}

// The look-up fails when the trigger does not exist, and only a `do` block can handle that error. Such a block takes no values
// and returns no rows, so the answer is passed in a setting.
function lookUpSql(place: string): string {
  const literal = place.replaceAll("'", "''");
  const body = `begin
  perform pg_catalog.pg_get_object_address('trigger', array(select pg_catalog.json_array_elements_text('${literal}')), '{}');
  perform pg_catalog.set_config('bitacora.triggers_now', 'true', true);
exception when undefined_object then
  perform pg_catalog.set_config('bitacora.triggers_now', 'false', true);
end`;
  return `do '${body.replaceAll("'", "''")}'`;
}
