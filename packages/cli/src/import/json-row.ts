import type { JsonValue } from '@bitacora/event';
import { isMapping } from './mapping.ts';
import type { Cells, ReadRow } from './row.ts';

/** One row from its JSON text. Any value that is not an object is refused. */
export function jsonRow(
  text: string,
  { number, line, damaged }: { readonly number: number; readonly line: number; readonly damaged: boolean },
): ReadRow {
  if (damaged && text.includes('\ufffd')) return { ok: false, number, line, reason: 'not UTF-8' };
  try {
    const value: JsonValue = JSON.parse(text);
    if (isMapping(value)) return { ok: true, number, line, cells: value as Cells };
    return { ok: false, number, line, reason: 'not a JSON object' };
  } catch (error) {
    return { ok: false, number, line, reason: error instanceof Error ? error.message : String(error) };
  }
}
