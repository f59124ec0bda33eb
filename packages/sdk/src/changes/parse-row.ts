import type { JsonValue } from '@bitacora/event';

/** A row by column, as its event shows it. */
export type RowValues = Readonly<Record<string, JsonValue>>;

const token = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;
// No text of PostgreSQL has this character, so that a marked number cannot be mistaken for a text.
const mark = '\\u0000';
const marked = '\u0000';

/**
 * Reads what `row_to_json` wrote. Numbers of the columns in `exact` (bigint, numeric) are texts, digit by digit, as in
 * `amount.value`; other numbers are numbers, unless a double would alter them.
 */
export function parseRow(json: string, exact: ReadonlySet<string>): RowValues {
  const quoted = json.replaceAll(token, (part) => (part.startsWith('"') ? part : `"${mark}${part}"`));
  const row: Record<string, JsonValue> = JSON.parse(quoted);
  return Object.fromEntries(
    Object.entries(row).map(([column, value]) => [column, unmark(value, exact.has(column))]),
  );
}

/** Replaces, in a JSON text, every number that a double would alter by a text. */
export function withSafeNumbers(json: string): string {
  return json.replaceAll(token, (part) =>
    part.startsWith('"') || typeof numberOf(part) === 'number' ? part : `"${part}"`,
  );
}

function unmark(value: JsonValue, exact: boolean): JsonValue {
  if (typeof value === 'string') {
    if (!value.startsWith(marked)) return value;
    const digits = value.slice(1);
    return exact ? digits : numberOf(digits);
  }
  if (Array.isArray(value)) return value.map((element: JsonValue) => unmark(element, exact));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, unmark(inner, exact)]));
}

function numberOf(digits: string): number | string {
  const value = Number(digits);
  if (!(Math.abs(value) <= Number.MAX_SAFE_INTEGER)) return digits;
  const significant = digits
    .replace(/[eE].*$/, '')
    .replace(/\D/g, '')
    .replace(/^0+/, '');
  if (value === 0 && significant !== '') return digits;
  return significant.length <= 15 || String(value) === digits ? value : digits;
}
