import type { RowValues } from './parse-row.ts';

/** What the catalogue says of one table, and what the host wants of it. */
export interface AuditedTable {
  readonly oid: string;
  readonly schema: string;
  /** Of the partitioned table where it is a partition. */
  readonly name: string;
  /** Its own name where it is a partition. */
  readonly partition?: string | undefined;
  /** Columns of the primary key, else of a unique index without nulls; empty where there is neither. */
  readonly key: readonly string[];
  /** Columns whose numbers are texts: bigint, numeric, money, and arrays of them. */
  readonly exact: ReadonlySet<string>;
  /** Left out: a change of these alone is none. */
  readonly ignore: ReadonlySet<string>;
  /** Shown as `[masked]`: that it changed, not what. */
  readonly mask: ReadonlySet<string>;
  /** Of targets, and of actions where they have no other; the table's name, with the schema's before it where that is not `public`. */
  readonly noun: string;
  readonly actionNoun: string;
  /** The column that names a target to people. */
  readonly nameColumn: string | undefined;
  readonly when: TableOptions['when'];
}

/** What a host may say of a table. */
export interface TableOptions {
  readonly noun?: string;
  /** Of the actions alone: `object` makes `object.create` of what a pack calls so, and the target stays a row of the table. */
  readonly actionNoun?: string;
  readonly ignore?: readonly string[];
  readonly mask?: readonly string[];
  readonly nameColumn?: string;
  /**
   * False: this change of a row is no event, as that of a draft. Given the row as it was and as it is, nothing masked by the
   * connection. One that throws leaves nothing out. Not asked where rows are only counted.
   */
  readonly when?: ((change: TableChange) => boolean) | undefined;
}

/** `before` is absent where the row was made, `after` where it was removed. */
export interface TableChange {
  readonly operation: 'create' | 'update' | 'delete';
  readonly before?: RowValues | undefined;
  readonly after?: RowValues | undefined;
}

/** A table's own columns of the catalogue, where the table still exists. */
export interface CatalogueTable extends Pick<
  AuditedTable,
  'oid' | 'schema' | 'name' | 'partition' | 'key' | 'exact'
> {
  /** Rows can be locked and have a place, and whoever asks may read them: a plain or a partitioned table, no view, no foreign table, none whose rules put another statement in place. */
  readonly plain: boolean;
  readonly partitioned: boolean;
  /** Its oid and those of its partitions, with commas. */
  readonly tree: string;
  /** Its trigger of `bitacora capture install` is there and enabled. */
  readonly triggered: boolean;
  /** In the order in which an insert that names none gives their values. */
  readonly columns: readonly string[];
  /** Tables that a foreign key changes along with this one. */
  readonly cascades: readonly string[];
  /** Columns of each unique constraint and index, by its name. */
  readonly unique: ReadonlyMap<string, readonly string[]>;
}

export function auditedTable(
  found: Pick<CatalogueTable, 'oid' | 'schema' | 'name' | 'partition' | 'key' | 'exact'>,
  options: TableOptions = {},
): AuditedTable {
  const { oid, schema, name, partition, key, exact } = found;
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

/** The noun as a part of an action, which has no spaces. */
function wordOf(noun: string): string {
  return noun.replaceAll(/[\s\p{Cc}]/gu, '_').slice(0, 180);
}
