import type { CaptureInput } from '../audit.ts';
import type { AuditedTable } from './audited-table.ts';
import { isPgResult, type PgResult } from './pg-client.ts';

const targetsMax = 50;
/** The id of a target that is a whole table. */
const allRows = '*';

/** All rows of a table, or of one partition of it, were removed at once. */
export function truncateEvent(table: AuditedTable): CaptureInput {
  return {
    action: `${table.actionNoun}.truncate`,
    operation: 'delete',
    targets: [{ type: table.noun, id: table.partition ?? allRows }],
  };
}

/** A statement changed rows, or may have, that nobody saw: better said than left out. */
export function unseenEvent(tables: readonly AuditedTable[], result: unknown): CaptureInput {
  const { command, rowCount }: Partial<PgResult> = isPgResult(result) ? result : {};
  return {
    action: 'data.changed',
    operation: 'execute',
    targets: tables.slice(0, targetsMax).map(({ noun }) => ({ type: noun, id: allRows })),
    attributes: { command: command ?? '', rows: rowCount ?? null },
  };
}
