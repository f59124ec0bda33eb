import type { JsonValue } from '@bitacora/event';
import { CliError } from '../cli-error.ts';
import { RowError } from './row-error.ts';
import type { Cells } from './row.ts';

/** The functions and settings that all parts of a map share while it is compiled. */
export interface MapScope {
  /** IANA zone of times without an offset. */
  readonly zone: string;
  /** A cell's value; undefined when it is absent, JSON null or one of the map's nulls. */
  cell(cells: Cells, column: string): JsonValue | undefined;
  /** Notes that the map needs a column. */
  uses(column: string): void;
  readonly columns: ReadonlySet<string>;
  /** A function that converts a cell to a type. It throws `RowError` when the cell has another type. */
  converter(type: unknown, where: string): (value: JsonValue, column: string) => JsonValue;
  /** Refuses unknown keys, since a misspelt key would silently change what is imported. */
  only(spec: Record<string, unknown>, keys: readonly string[], where: string): void;
  error(where: string, message: string): CliError;
}

export function createMapScope(options: {
  readonly file: string;
  readonly zone: string;
  readonly nulls: readonly string[];
}): MapScope {
  const nulls = new Set<unknown>([null, ...options.nulls]);
  const columns = new Set<string>();
  const error = (where: string, message: string): CliError =>
    new CliError(`${options.file}: ${where}: ${message}`);
  return {
    zone: options.zone,
    columns,
    cell(cells, column) {
      const value = Object.hasOwn(cells, column) ? cells[column] : undefined;
      return nulls.has(value) ? undefined : value;
    },
    uses: (column) => void columns.add(column),
    converter(type, where) {
      switch (type) {
        case 'as is':
          return (value) => value;
        case 'string':
          return (value) => (typeof value === 'string' ? value : JSON.stringify(value));
        case 'number':
          return toNumber;
        case 'boolean':
          return toBoolean;
        case 'json':
          return toJson;
        default:
          throw error(where, `unknown type ${String(type)}: string, number, boolean or json`);
      }
    },
    only(spec, keys, where) {
      const unknown = Object.keys(spec).find((key) => !keys.includes(key));
      if (unknown !== undefined) throw error(where, `unknown key ${unknown} (known: ${keys.join(', ')})`);
    },
    error,
  };
}

function toNumber(value: JsonValue, column: string): number {
  const number = typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value;
  if (typeof number === 'number') return number;
  throw new RowError(`${column}: not a number`);
}

/** Cells of a JSON file are values already; cells of a CSV are texts that contain JSON. */
function toJson(value: JsonValue, column: string): JsonValue {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value) as JsonValue;
  } catch {
    throw new RowError(`${column}: not JSON`);
  }
}

function toBoolean(value: JsonValue, column: string): boolean {
  if (value === true || value === 'true' || value === 'True' || value === '1' || value === 1) return true;
  if (value === false || value === 'false' || value === 'False' || value === '0' || value === 0) return false;
  throw new RowError(`${column}: not true or false`);
}
