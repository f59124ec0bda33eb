import Big from 'big.js';
import { RowError } from './row-error.ts';

/**
 * Reads a decimal such as `-12.50` exactly. A binary fraction would change amounts of money. @throws RowError for any
 * other text
 */
export function parseDecimal(text: string): Big {
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)$/.test(text))
    throw new RowError(`not a decimal number: ${text.slice(0, 60)}`);
  // Big accepts neither a plus sign nor a point at the end.
  return new Big(text.replace(/^\+/, '').replace(/\.$/, ''));
}

/** The text with exactly `places` digits after the point; halves are rounded away from zero. Zero has no sign. */
export function formatDecimal(value: Big, places: number): string {
  const rounded = value.round(places, Big.roundHalfUp);
  return (rounded.eq(0) ? rounded.abs() : rounded).toFixed(places);
}
