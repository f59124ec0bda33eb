import { auditedTable, type AuditedTable, type CatalogueTable } from './audited-table.ts';
import type { ChangeSettings } from './change-options.ts';
import { setBounded } from '../host/set-bounded.ts';
import { readCatalogue, type RunQuery } from './read-catalogue.ts';

export interface KnownTable {
  readonly catalogue: CatalogueTable;
  readonly audited: AuditedTable;
}

/** Looks up the tables of one database, and keeps them for `catalogueForMs`. */
export interface TableLookup {
  /** By the name that a statement gives the table. Undefined: the table is not there, or is not to be audited. */
  find(name: string, run: RunQuery): Promise<KnownTable | undefined>;
  /** Forgets all tables, because the catalogue changed. */
  forget(): void;
}

const tablesMax = 2_000;

interface CachedTable {
  readonly until: number;
  readonly table: KnownTable | undefined;
}

export function createTableLookup(settings: ChangeSettings): TableLookup {
  const cache = new Map<string, CachedTable>();
  const warnedOf = new Set<string>();
  const wanted = settings.tables && new Map(Object.entries(settings.tables));
  return Object.freeze({
    async find(name: string, run: RunQuery) {
      const cached = cache.get(name);
      if (cached && cached.until > performance.now()) return cached.table;
      const catalogue = await readCatalogue(run, { name });
      const table = catalogue && select(catalogue);
      const until = performance.now() + settings.catalogueForMs;
      setBounded(cache, tablesMax, { key: name, value: { until, table } });
      if (table) warn(table.catalogue);
      return table;
    },
    forget: () => cache.clear(),
  });

  function select(catalogue: CatalogueTable): KnownTable | undefined {
    const { schema, name } = catalogue;
    if (/^(?:pg_.*|information_schema|bitacora)$/.test(schema)) return undefined;
    const options = wanted ? (wanted.get(`${schema}.${name}`) ?? wanted.get(name)) : {};
    if (!options) return undefined;
    const audited = auditedTable(catalogue, {
      ...options,
      ignore: [...settings.ignore, ...(options.ignore ?? [])],
      mask: [...settings.mask, ...(options.mask ?? [])],
    });
    return { catalogue, audited };
  }

  function warn({ oid, name, cascades, triggered }: CatalogueTable): void {
    if (triggered || cascades.length === 0 || warnedOf.has(oid)) return;
    warnedOf.add(oid);
    const others = cascades.join(', ');
    settings.onError(
      new Error(
        `${name}: its foreign keys change rows of ${others} in the database, where only triggers see them (bitacora capture install)`,
      ),
    );
  }
}
