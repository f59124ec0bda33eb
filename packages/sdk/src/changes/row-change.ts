import { createHash } from 'node:crypto';
import type { Change, JsonValue, Target } from '@bitacora/event';
import type { CaptureInput } from '../audit.ts';
import type { AuditedTable, TableChange } from './audited-table.ts';
import type { RowValues } from './parse-row.ts';
import { sameValue } from './same-value.ts';

/** One row before and after a statement. `before` is absent where the row was made, `after` where it was removed. */
export interface RowChange {
  readonly before?: RowValues | undefined;
  readonly after?: RowValues | undefined;
  /** The trigger has masked the columns already, and left out those that did not change. */
  readonly masked?: boolean;
}

export const maskedValue = '[masked]';

const idLengthMaxChars = 512;
const nameLengthMaxChars = 1_024;
/** Half of the size that the server takes for an event: the other half is for the context, the actor and the rest. */
const changesLengthMaxBytes = 30_720;
const changesMax = 500;
/** Values that are longer than this as JSON are replaced by length and digest. The lower limits are tried while the event is too large. */
const valueLengthMaxChars = [4_096, 256, 64];

/** The event of one row; undefined where nothing changed, or only columns that are left out. */
export function rowChangeEvent(row: RowChange, table: AuditedTable): CaptureInput | undefined {
  const operation = row.before ? (row.after ? 'update' : 'delete') : 'create';
  const changes = changesOf(row, table);
  if (operation === 'update' && changes.length === 0) return undefined;
  if (!isWanted({ operation, before: row.before, after: row.after }, table)) return undefined;
  const kept = fitting(changes);
  return {
    action: `${table.actionNoun}.${operation}`,
    operation,
    targets: targetsOf(row, table),
    ...(kept.length > 0 && { changes: kept }),
    ...(kept.length < changes.length && { attributes: { changesLeftOut: changes.length - kept.length } }),
  };
}

function isWanted(change: TableChange, { when }: AuditedTable): boolean {
  try {
    return when?.(change) !== false;
  } catch {
    // The change is recorded also when the host's function fails.
    return true;
  }
}

function changesOf({ before, after, masked }: RowChange, table: AuditedTable): Change[] {
  const paths = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return paths.flatMap((path): Change[] => {
    if (table.ignore.has(path)) return [];
    const hidden = table.mask.has(path);
    const old = before?.[path] ?? null;
    const now = after?.[path] ?? null;
    // In an update, the trigger shows a masked column only where it changed.
    const isMaskedUpdate = hidden && masked === true && before !== undefined && after !== undefined;
    if (isMaskedUpdate ? !(path in before) : sameValue(old, now)) return [];
    const shown = (value: JsonValue): JsonValue => (hidden && value !== null ? maskedValue : value);
    // A row that is made or removed has one side only; in an update, null is a value like any other.
    return [{ path, ...(before && { before: shown(old) }), ...(after && { after: shown(now) }) }];
  });
}

function fitting(changes: readonly Change[]): readonly Change[] {
  const first = changes.slice(0, changesMax);
  for (const lengthMax of valueLengthMaxChars) {
    const short = first.map(({ path, ...sides }) => ({
      path,
      ...Object.fromEntries(
        Object.entries(sides).map(([side, value]) => [side, shortened(value, lengthMax)]),
      ),
    }));
    if (Buffer.byteLength(JSON.stringify(short)) <= changesLengthMaxBytes) return short;
  }
  return first.map(({ path }) => ({ path }));
}

/** Replaces a value that is too long by `{ leftOut, lengthChars, sha256 }`: two different values still differ. */
function shortened(value: JsonValue, lengthMax: number): JsonValue {
  if (typeof value !== 'string' && (typeof value !== 'object' || value === null)) return value;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (text.length <= lengthMax) return value;
  return { leftOut: 'too long', lengthChars: text.length, sha256: sha256(text) };
}

/** Two targets where the key itself changed: the row under its old key, then under its new one. */
function targetsOf({ before, after }: RowChange, table: AuditedTable): Target[] {
  const targets = [before, after].flatMap((row): Target[] => (row ? [targetOf(row, table)] : []));
  const [first, second] = targets;
  if (!first || !second) return targets;
  return first.id === second.id ? [second] : [first, second];
}

function targetOf(row: RowValues, table: AuditedTable): Target {
  const name =
    table.nameColumn === undefined || table.mask.has(table.nameColumn) ? null : row[table.nameColumn];
  const id = idOf(row, table);
  return {
    type: table.noun.slice(0, 200),
    id: id.length > idLengthMaxChars ? `sha256:${sha256(id)}` : id,
    ...(name !== null && name !== undefined && { name: textOf(name).slice(0, nameLengthMaxChars) }),
  };
}

/** A key of one column as it is, several columns with `/` between them. Rows of a table without a key are named by their content. */
function idOf(row: RowValues, { key, mask, ignore }: AuditedTable): string {
  const parts = key.map((column) => textOf(row[column] ?? null));
  const [only] = parts;
  if (only === undefined) {
    const shown = Object.entries(row).filter(([column]) => !mask.has(column) && !ignore.has(column));
    return `row:${sha256(JSON.stringify(shown)).slice(0, 32)}`;
  }
  if (parts.length === 1) return only === '' ? '(empty)' : only;
  return parts.map((part) => part.replaceAll('%', '%25').replaceAll('/', '%2F')).join('/');
}

function textOf(value: JsonValue): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
