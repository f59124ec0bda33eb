import type { CaptureInput } from '../audit.ts';
import { auditedTable, type AuditedTable } from '../changes/audited-table.ts';
import { parseRow, withSafeNumbers } from '../changes/parse-row.ts';
import { readCatalogue, type RunQuery } from '../changes/read-catalogue.ts';
import { rowChangeEvent } from '../changes/row-change.ts';
import { truncateEvent } from '../changes/statement-event.ts';
import { contextFields } from '../context/context-fields.ts';
import { setBounded } from '../host/set-bounded.ts';

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
  /** Of the context in which the event was captured; the context that a trigger had is in `change`. */
  readonly tenant: string | null;
}

/** The column `change`, which a trigger writes in addition to the row before and after. */
interface TriggerChange {
  readonly table: number;
  readonly role: string;
  readonly application: string;
  readonly context: string | null;
  /** JSON of the `TriggerOptions`. */
  readonly options: string;
}

/** The options with which the trigger was installed. */
interface TriggerOptions {
  readonly schema: string;
  readonly name: string;
  readonly key?: readonly string[];
  readonly mask?: readonly string[];
}

interface CachedAuditedTable {
  readonly until: number;
  readonly table: Promise<AuditedTable>;
}

/** Makes the function that turns outbox rows into events. It looks the rows' tables up, and keeps them for a minute. */
export function createOutboxReader(run: RunQuery) {
  const tables = new Map<string, CachedAuditedTable>();

  /** The row's event; undefined when no captured field changed. Rejects with SyntaxError when the row is not JSON. */
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
    const { role, application } = change;
    const database = application ? { role, application } : { role };
    return {
      actor: { type: 'system', id: `postgres:${role}` },
      ...context,
      ...event,
      id: timedId(row),
      occurredAt: new Date(row.createdAtMs).toISOString(),
      attributes: { ...attributes, ...event.attributes, database },
    };
  };

  function tableOf(change: TriggerChange): Promise<AuditedTable> {
    const key = `${change.table} ${change.options}`;
    const cached = tables.get(key);
    if (cached && cached.until > performance.now()) return cached.table;
    const table = lookUp(change);
    setBounded(tables, tablesMax, { key, value: { until: performance.now() + catalogueForMs, table } });
    table.catch(() => tables.delete(key));
    return table;
  }

  async function lookUp({ table, options }: TriggerChange): Promise<AuditedTable> {
    const { schema, name, key = [], ...own }: TriggerOptions = JSON.parse(options);
    const oid = String(table);
    // Where the table is gone by now, its key is in the trigger's options.
    const goneTable = { oid, schema, name, key, exact: new Set<string>() };
    return auditedTable((await readCatalogue(run, { oid })) ?? goneTable, own);
  }
}

/** The tenant with whose key the row's event is sent; undefined for the forwarder's own key. */
export function tenantOf({ tenant, change }: OutboxRow): string | undefined {
  if (tenant !== null) return tenant;
  if (!change?.includes('tenant')) return undefined;
  const { context }: TriggerChange = JSON.parse(change);
  const named: unknown = parseContext(context)?.['tenant'];
  return typeof named === 'string' ? named : undefined;
}

/** A UUID of version 7, made of the row's time and the rest of its id. It is the same whenever it is made. */
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

const eventFields: ReadonlySet<string> = new Set(contextFields);

/** The context that the writer set in `bitacora.context`: any session may have set it to anything. */
function contextOf({ context }: TriggerChange): Partial<CaptureInput> {
  const fields = parseContext(context);
  if (fields === undefined) return { attributes: { contextUnread: context?.slice(0, 500) ?? '' } };
  return Object.fromEntries(Object.entries(fields).filter(([field]) => eventFields.has(field)));
}

/** Undefined for a text that is not JSON. */
function parseContext(context: string | null): Readonly<Record<string, unknown>> | undefined {
  try {
    const fields: unknown = JSON.parse(withSafeNumbers(context || '{}'));
    return typeof fields === 'object' && fields !== null ? { ...fields } : {};
  } catch {
    return undefined;
  }
}
