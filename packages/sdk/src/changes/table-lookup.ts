import { auditedTable, type AuditedTable, type CatalogueTable } from './audited-table.ts';
import type { ChangeSettings } from './change-options.ts';
import { readCatalogue, type RunQuery } from './read-catalogue.ts';

export interface FoundTable {
  readonly catalogue: CatalogueTable;
  readonly audited: AuditedTable;
}

/** Knows the tables of one database, as long as the catalogue is believed not to have changed. */
export interface TableLookup {
  /** By the name that a statement gives it. Undefined: not there, or not to be audited. */
  find(name: string, run: RunQuery): Promise<FoundTable | undefined>;
  /** The catalogue changed. */
  forget(): void;
}

const tablesMax = 2_000;

export function createTableLookup(settings: ChangeSettings): TableLookup {
  const found = new Map<string, { readonly until: number; readonly table: FoundTable | undefined }>();
  const told = new Set<string>();
  const wanted = settings.tables && new Map(Object.entries(settings.tables));
  return Object.freeze({
    async find(name: string, run: RunQuery) {
      const known = found.get(name);
      if (known && known.until > performance.now()) return known.table;
      const catalogue = await readCatalogue(run, { name });
      const table = catalogue && select(catalogue);
      if (found.size >= tablesMax) found.clear();
      found.set(name, { until: performance.now() + settings.catalogueForMs, table });
      if (table) warn(table.catalogue);
      return table;
    },
    forget: () => found.clear(),
  });

  function select(catalogue: CatalogueTable): FoundTable | undefined {
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
    if (triggered || cascades.length === 0 || told.has(oid)) return;
    told.add(oid);
    const others = cascades.join(', ');
    settings.onError(
      new Error(
        `${name}: its foreign keys change rows of ${others} in the database, where only triggers see them (bitacora capture install)`,
      ),
    );
  }
}
