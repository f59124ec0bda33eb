import type { RowValues } from './parse-row.ts';

/** A table in the catalogue, together with the host's options for it. */
export interface AuditedTable {
  readonly oid: string;
  readonly schema: string;
  /** The name of the partitioned table, if the table is a partition of it. */
  readonly name: string;
  /** The table's own name, if it is a partition. */
  readonly partition?: string | undefined;
  /** Columns of the primary key, or else of a unique index without nulls; empty when there is neither. */
  readonly key: readonly string[];
  /** Columns whose numbers are texts: bigint, numeric, money, and arrays of them. */
  readonly exact: ReadonlySet<string>;
  /** Columns that are left out. A change of only these gives no event. */
  readonly ignore: ReadonlySet<string>;
  /** Columns that are shown as `[masked]`: the event says that they changed, but not to what. */
  readonly mask: ReadonlySet<string>;
  /** The type of targets: the table's name, with the schema's name in front where that is not `public`. */
  readonly noun: string;
  /** The first part of actions. */
  readonly actionNoun: string;
  /** The column that names a target to people. */
  readonly nameColumn: string | undefined;
  readonly when: TableOptions['when'];
}

/** The options of a host for a table. */
export interface TableOptions {
  readonly noun?: string;
  /** For actions only: `object` makes actions such as `object.create`, which a pack may need, while targets keep `noun`. */
  readonly actionNoun?: string;
  readonly ignore?: readonly string[];
  readonly mask?: readonly string[];
  readonly nameColumn?: string;
  /**
   * Returns false for a change of a row that is to be no event, such as that of a draft. Gets the row as it was and as it is;
   * a connection masks nothing in it. A function that throws leaves nothing out. Not called where rows are only counted.
   */
  readonly when?: ((change: TableChange) => boolean) | undefined;
}

/** `before` is absent where the row was made, `after` where it was removed. */
export interface TableChange {
  readonly operation: 'create' | 'update' | 'delete';
  readonly before?: RowValues | undefined;
  readonly after?: RowValues | undefined;
}

/** An existing table in the catalogue. */
export interface CatalogueTable extends Pick<
  AuditedTable,
  'oid' | 'schema' | 'name' | 'partition' | 'key' | 'exact'
> {
  /**
   * The rows can be locked and have a place, and the connection's role may read them: a plain or a partitioned table, but no
   * view, no foreign table, and no table whose rules replace a statement by another one.
   */
  readonly plain: boolean;
  readonly partitioned: boolean;
  /** The oids of the table and its partitions, separated by commas. */
  readonly tree: string;
  /** The trigger of `bitacora capture install` is there and enabled. */
  readonly triggered: boolean;
  /** In the order in which an insert without column names gives their values. */
  readonly columns: readonly string[];
  /** Tables that a foreign key changes along with this one. */
  readonly cascades: readonly string[];
  /** Columns of each unique constraint and index, by its name. */
  readonly unique: ReadonlyMap<string, readonly string[]>;
}

/** Combines a table in the catalogue with the host's options for it. */
export function auditedTable(
  catalogue: Pick<CatalogueTable, 'oid' | 'schema' | 'name' | 'partition' | 'key' | 'exact'>,
  options: TableOptions = {},
): AuditedTable {
  const { oid, schema, name, partition, key, exact } = catalogue;
  const noun = options.noun ?? (schema === 'public' ? name : `${schema}.${name}`);
  return {
    oid,
    schema,
    name,
    partition,
    key,
    exact,
    ignore: new Set(options.ignore),
    mask: new Set(options.mask),
    noun,
    actionNoun: wordOf(options.actionNoun ?? noun),
    nameColumn: options.nameColumn,
    when: options.when,
  };
}

/** The noun as a part of an action, in which no spaces are allowed. */
function wordOf(noun: string): string {
  return noun.replaceAll(/[\s\p{Cc}]/gu, '_').slice(0, 180);
}
