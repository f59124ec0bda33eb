import { RowError } from './row-error.ts';

/** An exact decimal: `digits` / 10^`scale`. Money never passes through a binary fraction. */
export interface Decimal {
  readonly digits: bigint;
  readonly scale: number;
}

/** Reads `-12.50`. Throws `RowError` for anything else. */
export function parseDecimal(text: string): Decimal {
  const match = /^([+-]?)(\d*)(?:\.(\d*))?$/.exec(text);
  const [, sign = '', whole = '', fraction = ''] = match ?? [];
  if (match === null || whole + fraction === '')
    throw new RowError(`not a decimal number: ${text.slice(0, 60)}`);
  return { digits: BigInt(`${sign === '-' ? '-' : ''}${whole}${fraction}`), scale: fraction.length };
}

export function multiply(a: Decimal, b: Decimal): Decimal {
  return { digits: a.digits * b.digits, scale: a.scale + b.scale };
}

export function add(a: Decimal, b: Decimal): Decimal {
  const scale = Math.max(a.scale, b.scale);
  return { digits: at(a, scale) + at(b, scale), scale };
}

/** With exactly `places` digits after the point, halves rounded away from zero. */
export function formatDecimal(value: Decimal, places: number): string {
  const cut = 10n ** BigInt(Math.max(0, value.scale - places));
  const grown = at(value, Math.max(value.scale, places));
  const magnitude = ((grown < 0n ? -grown : grown) * 2n + cut) / (2n * cut);
  const digits = String(magnitude).padStart(places + 1, '0');
  const sign = grown < 0n && magnitude > 0n ? '-' : '';
  const whole = digits.slice(0, digits.length - places);
  return places === 0 ? `${sign}${whole}` : `${sign}${whole}.${digits.slice(-places)}`;
}

function at({ digits, scale }: Decimal, wanted: number): bigint {
  return digits * 10n ** BigInt(wanted - scale);
}
