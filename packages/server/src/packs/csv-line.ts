import type { JsonValue } from '@bitacora/event';

/** The beginning of a text that a spreadsheet takes for a formula, also after blanks and quotation marks that it does not show. */
const formula = /^[\s\u00a0\u200b\ufeff\0"]*[=+\-@\uff1d\uff0b\uff0d\uff20]|^[\t\r\n\0]/u;

/**
 * Between the lines of a cell, and after a semicolon or a tab: many spreadsheets take one of these for the border between two
 * cells, also within quotation marks that do not begin a cell for them. At a comma the quotation marks are right.
 */
const borders = /(?<=[\n;\t])|(?<=\r)(?!\n)/;

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
    .split(borders)
    .map((part) => (formula.test(part) ? `'${part}` : part))
    .join('');
  return /[",;\t\r\n]/.test(safe) || safe !== safe.trim() ? `"${safe.replaceAll('"', '""')}"` : safe;
}
