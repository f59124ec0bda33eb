import type { Sql } from './statement-cursor.ts';

interface Write {
  /** The `with …` before the verb, which only reads. */
  readonly head: Sql;
  /** As written, schema and quotes included. */
  readonly table: Sql;
  /** The name of the table in the rest of the statement. */
  readonly alias: Sql;
  /** Of `returning`, without the word. */
  readonly returning: Sql;
}

/** A statement that changes rows of one table, in the pieces that are needed to read its rows before and after. */
export type WriteStatement =
  | (Write & {
      readonly verb: 'update';
      readonly only: boolean;
      readonly set: Sql;
      readonly from: Sql;
      readonly where: Sql;
    })
  | (Write & { readonly verb: 'delete'; readonly only: boolean; readonly from: Sql; readonly where: Sql })
  | (Write & {
      readonly verb: 'insert';
      /** The statement up to `returning`. */
      readonly body: Sql;
      readonly columns: readonly string[] | undefined;
      /** Rows of expressions, or a query. */
      readonly source: readonly (readonly Sql[])[] | Sql;
      readonly conflict: Conflict | undefined;
    });

export type Conflict =
  | { readonly kind: 'nothing' }
  /** `where` says which rows the index has; empty where it has all rows. */
  | { readonly kind: 'columns'; readonly columns: readonly string[]; readonly where: Sql }
  | { readonly kind: 'constraint'; readonly name: string };
