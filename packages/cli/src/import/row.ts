import type { JsonValue } from '@bitacora/event';

/** Column → value, as the file has it: texts from CSV, any JSON from JSON. */
export type Cells = Readonly<Record<string, JsonValue | undefined>>;

/** `number` counts the file's rows from 1, header not counted; `line` is where the row ends, from 1. */
export interface Row {
  readonly number: number;
  readonly line: number;
  readonly cells: Cells;
}

/** A row, or the reason why it could not be read. */
export type ReadRow =
  | ({ readonly ok: true } & Row)
  | { readonly ok: false; readonly number: number; readonly line: number; readonly reason: string };
