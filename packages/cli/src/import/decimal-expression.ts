import type Big from 'big.js';
import { formatDecimal, parseDecimal } from './decimal.ts';
import type { MapScope } from './map-scope.ts';
import { isMapping } from './mapping.ts';
import type { Row } from './row.ts';
import { compileTemplate } from './template.ts';

type Operand = (row: Row) => Big | undefined;

/**
 * Compiles `'{adr}'`, `{multiply: […]}` or `{add: […]}`, nested, into an exact decimal text; undefined when one of the
 * values is null.
 */
export function compileDecimal(
  spec: unknown,
  options: { readonly where: string; readonly scope: MapScope; readonly places: number },
): (row: Row) => string | undefined {
  const value = compileOperand(spec, options.where, options.scope);
  return (row) => {
    const decimal = value(row);
    return decimal === undefined ? undefined : formatDecimal(decimal, options.places);
  };
}

function compileOperand(spec: unknown, where: string, scope: MapScope): Operand {
  if (typeof spec === 'number') {
    const constant = parseDecimal(String(spec));
    return () => constant;
  }
  if (!isMapping(spec)) {
    const text = compileTemplate(spec, where, scope);
    return (row) => {
      const value = text(row);
      return value === undefined ? undefined : parseDecimal(value);
    };
  }
  scope.only(spec, ['multiply', 'add'], where);
  const [[name, list] = ['', undefined], ...more] = Object.entries(spec);
  if (more.length > 0 || !Array.isArray(list) || list.length === 0) {
    throw scope.error(where, 'one of multiply and add, with a list, is needed');
  }
  const combine = (a: Big, b: Big): Big => (name === 'add' ? a.plus(b) : a.times(b));
  const operands = list.map((operand, i) => compileOperand(operand, `${where}.${name}[${i}]`, scope));
  return (row) =>
    operands
      .map((operand) => operand(row))
      .reduce((a, b) => (a === undefined || b === undefined ? undefined : combine(a, b)));
}
