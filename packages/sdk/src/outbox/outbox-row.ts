import type { CaptureInput } from '../audit.ts';
import { auditedTable, type AuditedTable } from '../changes/audited-table.ts';
import { parseRow, withSafeNumbers } from '../changes/parse-row.ts';
import { readCatalogue, type RunQuery } from '../changes/read-catalogue.ts';
import { rowChangeEvent } from '../changes/row-change.ts';
import { truncateEvent } from '../changes/statement-event.ts';
import { contextFields } from '../context/context-fields.ts';

/** A row of `bitacora.outbox`. */
export interface OutboxRow {
  readonly position: string;
  readonly id: string;
  /** Unix milliseconds. */
  readonly createdAtMs: number;
  readonly event: string | null;
  readonly change: string | null;
  readonly before: string | null;
  readonly after: string | null;
  /** Of the context in which the event was captured; what a trigger was told stands in `change`. */
  readonly tenant: string | null;
}

/** What a trigger writes beside the rows, as `change`. */
interface TriggerChange {
  readonly table: number;
  readonly role: string;
  readonly application: string;
  readonly context: string | null;
  /** JSON of the `TriggerOptions`. */
  readonly options: string;
}

/** What the trigger was installed with. */
interface TriggerOptions {
  readonly schema: string;
  readonly name: string;
  readonly key?: readonly string[];
  readonly mask?: readonly string[];
}

/** Makes events of outbox rows; knows the tables that the rows are of. */
export function createOutboxReader(run: RunQuery) {
  const tables = new Map<string, { readonly until: number; readonly table: Promise<AuditedTable> }>();

  /** The event; undefined where the row did not change in a way that counts. SyntaxError for what is no JSON. */
  return async function read(row: OutboxRow): Promise<(CaptureInput & { readonly id: string }) | undefined> {
    if (row.event !== null) return { ...JSON.parse(withSafeNumbers(row.event)), id: row.id };
    const change: TriggerChange = JSON.parse(row.change ?? '{}');
    const table = await tableOf(change);
    const event =
      row.before === null && row.after === null
        ? truncateEvent(table)
        : rowChangeEvent(
            { before: sideOf(row.before, table), after: sideOf(row.after, table), masked: true },
            table,
          );
    if (!event) return undefined;
    const { attributes, ...context } = contextOf(change);
    const source = { role: change.role, ...(change.application ? { application: change.application } : {}) };
    return {
      actor: { type: 'system', id: `postgres:${change.role}` },
      ...context,
      ...event,
      id: timedId(row),
      occurredAt: new Date(row.createdAtMs).toISOString(),
      attributes: { ...attributes, ...event.attributes, database: source },
    };
  };

  function tableOf(change: TriggerChange): Promise<AuditedTable> {
    const key = `${change.table} ${change.options}`;
    const known = tables.get(key);
    if (known && known.until > performance.now()) return known.table;
    if (tables.size >= tablesMax) tables.clear();
    const table = lookUp(change);
    tables.set(key, { until: performance.now() + catalogueForMs, table });
    table.catch(() => tables.delete(key));
    return table;
  }

  async function lookUp({ table, options }: TriggerChange): Promise<AuditedTable> {
    const { schema, name, key = [], ...own }: TriggerOptions = JSON.parse(options);
    const oid = String(table);
    // A table that is gone by now leaves its key in the trigger's own options.
    const found = (await readCatalogue(run, { oid })) ?? { oid, schema, name, key, exact: new Set<string>() };
    return auditedTable(found, own);
  }
}

/** Whose connection the row's event goes by; undefined for the forwarder's own. */
export function tenantOf({ tenant, change }: OutboxRow): string | undefined {
  if (tenant !== null) return tenant;
  if (!change?.includes('tenant')) return undefined;
  const { context }: TriggerChange = JSON.parse(change);
  const told: unknown = toldBy(context)?.['tenant'];
  return typeof told === 'string' ? told : undefined;
}

/** A UUID of version 7: the milliseconds in front, and the rest of the row's id. The same whenever it is made. */
function timedId({ id, createdAtMs }: OutboxRow): string {
  const milliseconds = createdAtMs.toString(16).padStart(12, '0');
  const variant = (8 + (Number.parseInt(id.charAt(19), 16) % 4)).toString(16);
  return `${milliseconds.slice(0, 8)}-${milliseconds.slice(8)}-7${id.slice(15, 19)}${variant}${id.slice(20)}`;
}

const tablesMax = 1_000;
const catalogueForMs = 60_000;

function sideOf(json: string | null, table: AuditedTable): ReturnType<typeof parseRow> | undefined {
  return json === null ? undefined : parseRow(json, table.exact);
}

const fieldsTold: ReadonlySet<string> = new Set(contextFields);

/** What the writer said of itself in `bitacora.context`: any session may have set it to anything. */
function contextOf({ context }: TriggerChange): Partial<CaptureInput> {
  const told = toldBy(context);
  if (told === undefined) return { attributes: { contextUnread: context?.slice(0, 500) ?? '' } };
  return Object.fromEntries(Object.entries(told).filter(([field]) => fieldsTold.has(field)));
}

/** Undefined for what is no JSON. */
function toldBy(context: string | null): Readonly<Record<string, unknown>> | undefined {
  try {
    const told: unknown = JSON.parse(withSafeNumbers(context || '{}'));
    return typeof told === 'object' && told !== null ? { ...told } : {};
  } catch {
    return undefined;
  }
}
