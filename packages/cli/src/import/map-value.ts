import type { JsonValue } from '@bitacora/event';
import { compileCondition } from './condition.ts';
import { createDateReader } from './date-format.ts';
import { compileDecimal } from './decimal-expression.ts';
import type { MapScope } from './map-scope.ts';
import { isMapping } from './mapping.ts';
import { RowError } from './row-error.ts';
import type { Row } from './row.ts';
import { compileTemplate } from './template.ts';

/** Computes one value of an event from a row. The field is left out when it is undefined. Throws `RowError`. */
export type MapValue = (row: Row) => JsonValue | undefined;

const dayMs = 86_400_000;

/**
 * Compiles the value of one field in a map: a template, a constant, a list, an object of fields, or one of the forms
 * `{column, type}`, `{date, format, zone, plusDays, minusDays}`, `{decimal, places}`, `{if, then, else}`. `where` names the
 * place in the map for errors (`CliError`).
 */
export function compileValue(spec: unknown, where: string, scope: MapScope): MapValue {
  if (typeof spec === 'string') return compileTemplate(spec, where, scope);
  if (typeof spec === 'number' || typeof spec === 'boolean') return () => spec;
  if (spec === null) return () => undefined;
  if (Array.isArray(spec)) return compileList(spec, where, scope);
  if (!isMapping(spec)) throw scope.error(where, 'a text, number, list or mapping is needed');
  if ('column' in spec) return compileColumn(spec, where, scope);
  if ('date' in spec) return compileDate(spec, where, scope);
  if ('if' in spec) return compileChoice(spec, where, scope);
  if ('decimal' in spec) return compileAmount(spec, where, scope);
  return compileFields(spec, where, scope);
}

function compileList(specs: readonly unknown[], where: string, scope: MapScope): MapValue {
  const values = specs.map((spec, i) => compileValue(spec, `${where}[${i}]`, scope));
  return (row) => values.map((value) => value(row)).filter((value) => value !== undefined);
}

function compileFields(spec: Record<string, unknown>, where: string, scope: MapScope): MapValue {
  const fields = Object.entries(spec).map(
    ([name, value]) => [name, compileValue(value, `${where}.${name}`, scope)] as const,
  );
  return (row) => {
    const object: Record<string, JsonValue> = {};
    let empty = true;
    for (const [name, read] of fields) {
      const value = read(row);
      if (value === undefined) continue;
      object[name] = value;
      empty = false;
    }
    return empty ? undefined : object;
  };
}

function compileColumn(spec: Record<string, unknown>, where: string, scope: MapScope): MapValue {
  const { column, type = 'as is' } = spec;
  scope.only(spec, ['column', 'type'], where);
  if (typeof column !== 'string') throw scope.error(where, 'column: a name is needed');
  scope.uses(column);
  const convert = scope.converter(type, where);
  return ({ cells }) => {
    const value = scope.cell(cells, column);
    return value === undefined ? undefined : convert(value, column);
  };
}

function compileDate(spec: Record<string, unknown>, where: string, scope: MapScope): MapValue {
  scope.only(spec, ['date', 'format', 'zone', 'plusDays', 'minusDays'], where);
  const { format = 'rfc3339', zone = scope.zone } = spec;
  const text = compileTemplate(spec['date'], `${where}.date`, scope);
  const plus = daysOf(spec['plusDays'], `${where}.plusDays`, scope);
  const minus = daysOf(spec['minusDays'], `${where}.minusDays`, scope);
  let read: (text: string) => number;
  try {
    read = createDateReader(String(format), String(zone));
  } catch (error) {
    throw scope.error(where, error instanceof Error ? error.message : String(error));
  }
  return (row) => {
    const value = text(row);
    if (value === undefined) return undefined;
    const time = new Date(read(value) + (plus(row) - minus(row)) * dayMs);
    if (Number.isNaN(time.getTime())) throw new RowError('the time is out of range');
    return time.toISOString();
  };
}

/** Whole days of 24 hours. */
function daysOf(spec: unknown, where: string, scope: MapScope): (row: Row) => number {
  if (spec === undefined) return () => 0;
  const text = compileTemplate(typeof spec === 'number' ? String(spec) : spec, where, scope);
  return (row) => {
    const value = text(row);
    if (value === undefined || !/^-?\d{1,7}$/.test(value))
      throw new RowError(`not a number of days: ${value ?? 'null'}`);
    return Number(value);
  };
}

function compileChoice(spec: Record<string, unknown>, where: string, scope: MapScope): MapValue {
  scope.only(spec, ['if', 'then', 'else'], where);
  const holds = compileCondition(spec['if'], `${where}.if`, scope);
  const then = compileValue(spec['then'] ?? null, `${where}.then`, scope);
  const otherwise = compileValue(spec['else'] ?? null, `${where}.else`, scope);
  return (row) => (holds(row) ? then(row) : otherwise(row));
}

function compileAmount(spec: Record<string, unknown>, where: string, scope: MapScope): MapValue {
  scope.only(spec, ['decimal', 'places'], where);
  const { places } = spec;
  if (typeof places !== 'number' || !Number.isInteger(places) || places < 0 || places > 20) {
    throw scope.error(where, 'places: a whole number from 0 to 20 is needed');
  }
  return compileDecimal(spec['decimal'], { where: `${where}.decimal`, scope, places });
}
