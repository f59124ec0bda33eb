import type { TableOptions } from './audited-table.ts';

/** How the changes of a database are captured. */
export interface ChangeOptions {
  /**
   * The tables, by name (`booking`, `sales.invoice`), with what is wanted of each. Absent: all, save those of the system and
   * of `bitacora`.
   */
  readonly tables?: Readonly<Record<string, TableOptions>> | undefined;
  /** Columns of all tables that are left out, or shown as `[masked]`. */
  readonly ignore?: readonly string[];
  readonly mask?: readonly string[];
  /**
   * `outbox` (the default): events are rows of `bitacora.outbox`, written in the transaction of the change, whose failure
   * is theirs. `after_commit`: captured in the mode of the `Audit` once the transaction is committed; a crash in between
   * loses them.
   */
  readonly write?: 'outbox' | 'after_commit';
  /** An update that finds more rows than this (10,000) is one event `data.changed` with their number, without their fields. */
  readonly updateRowsMax?: number;
  /** What was found in the catalogue counts for so long (60 s). */
  readonly catalogueForMs?: number;
  /** Told of statements whose rows could not be seen, and of foreign keys that change rows unseen. */
  readonly onError?: (error: Error) => void;
}

/** What the parts of `auditPool` need. */
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
