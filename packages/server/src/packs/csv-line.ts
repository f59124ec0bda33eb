import type { JsonValue } from '@bitacora/event';

/** The beginning of a text that a spreadsheet takes for a formula, also after blanks that it does not show. */
const formula = /^[\s\u00a0\u200b\ufeff\0]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n\0]/u;

/**
 * One line of RFC 4180. A text that a spreadsheet would run as a formula gets an apostrophe in front; numbers and booleans
 * stay as they are.
 */
export function csvLine(values: readonly JsonValue[]): string {
  return `${values.map(csvCell).join(',')}\r\n`;
}

function csvCell(value: JsonValue): string {
  if (value === null) return '';
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  const safe = text
    .split(/(?<=\n)|(?<=\r)(?!\n)/)
    .map((line) => (formula.test(line) ? `'${line}` : line))
    .join('');
  return /[",\r\n]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}
