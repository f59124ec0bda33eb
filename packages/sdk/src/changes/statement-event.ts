import type { CaptureInput } from '../audit.ts';
import type { AuditedTable } from './audited-table.ts';
import { isPgResult, type PgResult } from './pg-client.ts';

const targetsMax = 50;
/** The id of a target that is a whole table. */
const allRows = '*';

/** The event of a table, or of one of its partitions, from which all rows were removed at once. */
export function truncateEvent(table: AuditedTable): CaptureInput {
  return {
    action: `${table.actionNoun}.truncate`,
    operation: 'delete',
    targets: [{ type: table.noun, id: table.partition ?? allRows }],
  };
}

/** The event of a statement that changed rows, or may have changed some, which could not be seen. */
export function unseenEvent(tables: readonly AuditedTable[], result: unknown): CaptureInput {
  const { command, rowCount }: Partial<PgResult> = isPgResult(result) ? result : {};
  return {
    action: 'data.changed',
    operation: 'execute',
    targets: tables.slice(0, targetsMax).map(({ noun }) => ({ type: noun, id: allRows })),
    attributes: { command: command ?? '', rows: rowCount ?? null },
  };
}
