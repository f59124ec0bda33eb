import type { TableOptions } from './audited-table.ts';

/** How the changes of a database are captured. */
export interface ChangeOptions {
  /**
   * The tables, by name (`booking`, `sales.invoice`), with the options of each. Absent: all tables except those of the system
   * and of `bitacora`.
   */
  readonly tables?: Readonly<Record<string, TableOptions>> | undefined;
  /** Columns that are left out in all tables. */
  readonly ignore?: readonly string[];
  /** Columns that are shown as `[masked]` in all tables. */
  readonly mask?: readonly string[];
  /**
   * `outbox` (the default): events are rows of `bitacora.outbox`, written in the transaction of the change: both are
   * committed, or neither is. `after_commit`: events are captured in the mode of the `Audit` once the transaction is
   * committed; a crash in between loses them.
   */
  readonly write?: 'outbox' | 'after_commit';
  /** An update that finds more rows than this (10,000) is one event `data.changed` with their number, without their fields. */
  readonly updateRowsMax?: number;
  /** How long the catalogue's answer about a table is used again (60 s). */
  readonly catalogueForMs?: number;
  /** Gets an error for each statement whose rows could not be seen, and for foreign keys that change rows unseen. */
  readonly onError?: (error: Error) => void;
}

/** The options with every default filled in. */
export type ChangeSettings = Required<Omit<ChangeOptions, 'tables'>> & Pick<ChangeOptions, 'tables'>;

export function changeSettings(options: ChangeOptions): ChangeSettings {
  return {
    tables: options.tables,
    ignore: options.ignore ?? [],
    mask: options.mask ?? [],
    write: options.write ?? 'outbox',
    updateRowsMax: options.updateRowsMax ?? 10_000,
    catalogueForMs: options.catalogueForMs ?? 60_000,
    onError: options.onError ?? (() => undefined),
  };
}
