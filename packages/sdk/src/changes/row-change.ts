import { createHash } from 'node:crypto';
import type { Change, JsonValue, Target } from '@bitacora/event';
import type { CaptureInput } from '../audit.ts';
import type { AuditedTable, TableChange } from './audited-table.ts';
import type { RowValues } from './parse-row.ts';
import { sameValue } from './same-value.ts';

/** One row before and after a statement; one of them is absent where the row was made or removed. */
export interface RowChange {
  readonly before?: RowValues | undefined;
  readonly after?: RowValues | undefined;
  /** The masked columns came as `[masked]` already, and only where they changed. */
  readonly masked?: boolean;
}

export const maskedValue = '[masked]';

const idLengthMaxChars = 512;
const nameLengthMaxChars = 1_024;
/** Half of what the server takes for an event: the context, the actor and the rest are in the other half. */
const changesLengthMaxBytes = 30_720;
const changesMax = 500;
/** Values longer than this as JSON are named by length and digest; the lower ones are tried when the event is too large. */
const valueLengthMaxChars = [4_096, 256, 64];

/** The event of one row; undefined where nothing changed that counts. */
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
    // A function of the host's that fails must not cost the record.
    return true;
  }
}

function changesOf({ before, after, masked }: RowChange, table: AuditedTable): Change[] {
  const paths = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  return paths.flatMap((path): Change[] => {
    if (table.ignore.has(path)) return [];
    const hidden = table.mask.has(path);
    const [old, now] = [before?.[path] ?? null, after?.[path] ?? null];
    // Already hidden, and here: it changed, unless the row is new or gone and there was nothing to hide.
    const told = hidden && masked === true && before !== undefined && after !== undefined;
    if (told ? !(path in before) : sameValue(old, now)) return [];
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

/** `{ leftOut, lengthChars, sha256 }` in place of what is too long: two such values can still be told apart. */
function shortened(value: JsonValue, lengthMax: number): JsonValue {
  if (typeof value !== 'string' && (typeof value !== 'object' || value === null)) return value;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (text.length <= lengthMax) return value;
  return { leftOut: 'too long', lengthChars: text.length, sha256: sha256(text) };
}

/** Where the key itself changed, both: the row as it was known, then its new name. */
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

/** One column as it is; several with `/` between; a table without a key names its rows by their content. */
function idOf(row: RowValues, { key, mask, ignore }: AuditedTable): string {
  const parts = key.map((column) => textOf(row[column] ?? null));
  const [only] = parts;
  if (only === undefined) {
    const open = Object.entries(row).filter(([column]) => !mask.has(column) && !ignore.has(column));
    return `row:${sha256(JSON.stringify(open)).slice(0, 32)}`;
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
