import {
  isRefused,
  ledgerOf,
  type AnyPack,
  type PackLabels,
  type ParamValues,
  type Retention,
  type Route as PackRoute,
} from '@bitacora/pack-kit';
import { z } from 'zod';
import { requirePermission, type Directory, type Grant } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import type { EventResult } from '../ingest/index.ts';
import type { EntryView } from '../ledger/index.ts';
import { getEntry, type ReadContext } from '../read/index.ts';
import { runPlan, type PlanContext } from './run-plan.ts';
import type { SessionContext } from '../sessions/index.ts';
import { storeEvents, type StoreOptions } from '../ingest/index.ts';
import { closeSession } from '../sessions/index.ts';
import { hostField } from './logger-arguments.ts';
import { callerOf, requirePackPermission } from './pack-caller.ts';
import { streamExport } from './stream-export.ts';
import { schemaOf } from './pack-params.ts';
import type { Call, Route } from '../http/index.ts';

const json = 'application/json; charset=utf-8';

export interface PackRouteOptions extends StoreOptions {
  readonly packs: readonly AnyPack[];
  readonly directory: Directory;
  readonly context: SessionContext;
}

/**
 * The routes that packs declare: parameters are checked, the plan runs under the caller's grant, the pack shapes the
 * answer.
 */
export function packRoutes(options: PackRouteOptions): Route[] {
  const writing = new WeakSet<Call>();
  return options.packs.flatMap((pack) =>
    (pack.routes ?? []).map((route): Route => {
      const params = route.params ?? {};
      const inBody = Object.values(params).some((param) => param.in === 'body');
      return {
        method: route.method,
        path: route.path,
        summary: `${pack.name}: ${route.path}`,
        // The pack decides who may call the route; see requirePackPermission.
        permission: 'any',
        authorize: (grant) =>
          requirePackPermission(grant, { pack, method: route.method, permission: route.permission }),
        emptyIsAbsent: true,
        ...(route.method === 'GET' ? {} : { idempotent: true }),
        record: recordOf(route, writing),
        query: schemaOf(params, 'query'),
        ...(inBody ? { body: schemaOf(params, 'body') } : {}),
        errors: () => pack.errors,
        answer: route.row
          ? { status: 200, mediaType: 'text/csv; charset=utf-8' }
          : { status: route.status ?? 200, mediaType: json, schema: z.json() },
        handle: (call) => answer(call, { pack, route, options, writing }),
      };
    }),
  );
}

/**
 * Reads of other people's entries are recorded, exports each time. A write needs no record, because it is an event
 * itself.
 */
function recordOf(route: PackRoute, writing: WeakSet<Call>): NonNullable<Route['record']> {
  if (route.row) return { action: 'export.create', each: true };
  return { action: 'entry.search', when: (call) => !writing.has(call) };
}

async function answer(
  call: Call,
  {
    pack,
    route,
    options,
    writing,
  }: { pack: AnyPack; route: PackRoute; options: PackRouteOptions; writing: WeakSet<Call> },
): Promise<unknown> {
  const body = typeof call.body === 'object' && !Buffer.isBuffer(call.body) ? call.body : {};
  // Each value was checked against the type that the pack declares.
  const params = { ...body, ...call.query, ...pathValues(route, call) } as ParamValues;
  const { zone, clock } = options.context;
  const caller = callerOf(call, { zone, now: clock() });
  const plan = route.plan(params, caller);
  if (isRefused(plan)) throw new AuditError(plan.refused.code, { ...plan.refused, detailOfPack: true });
  const kinds = Object.values(plan).map(({ read }) => read);
  // A key that may only write must not read other events, whatever the method of the route is.
  if (call.grant.caller.kind === 'key' && kinds.some((kind) => kind !== 'append'))
    requirePermission(call.grant, 'read');
  if (kinds.every((kind) => kind === 'append' || kind === 'session.close')) writing.add(call);
  const context = planContext(call, pack, options);
  const labels = labelsOf(pack);
  const file = Object.values(plan).find((read) => read.read === 'export');
  if (file && route.row) return streamExport(call, { file, row: route.row, labels, context });
  const answers = await runPlan(call.grant, plan, context);
  return route.shape(answers, params, labels, caller);
}

function pathValues(route: PackRoute, { params }: Call): Record<string, unknown> {
  const parsed = schemaOf(route.params ?? {}, 'path').safeParse(params);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const parameter = String(issue?.path[0] ?? 'path');
  throw new AuditError('invalid_parameter', { parameter, detail: `${parameter}: ${issue?.message}` });
}

function planContext(call: Call, pack: AnyPack, options: PackRouteOptions): PlanContext {
  return {
    read: options.context,
    directory: options.directory,
    actions: Object.keys(pack.actions),
    ledger: ledgerNameOf(call.grant, pack),
    async append(event) {
      const { results } = await storeEvents(call, [{ ok: true, value: event, source: '' }], {
        packLedgers: true,
        options,
      });
      return stored(call.grant, results[0], { pack, context: options.context });
    },
    closeSession: (open, reason) => closeSession(call, open, { reason, options, context: options.context }),
  };
}

/**
 * A pack has no ledger of its own before its first event. Until then its routes read the default ledger, which has no entry
 * with an action of the pack.
 */
function ledgerNameOf(grant: Grant, pack: AnyPack): string {
  const [first] = grant.ledgers;
  const days = first?.retentionDays ?? null;
  const retention: Retention = days === null ? 'forever' : { days };
  const packLedger = ledgerOf(pack, { name: grant.tenant.name, retention });
  return grant.ledgers.some(({ name }) => name === packLedger) ? packLedger : grant.tenant.name;
}

async function stored(
  grant: Grant,
  result: EventResult | undefined,
  { pack, context }: { pack: AnyPack; context: ReadContext },
): Promise<EntryView> {
  if (result && !('error' in result)) return getEntry(grant, result.id, context);
  const { code = '', field: eventField = '', message = '' } = result?.error ?? {};
  const field = hostField(pack, eventField);
  if (code === 'unknown_reference') throw new AuditError('not_found', { parameter: field, detail: message });
  throw new AuditError(code === 'conflict' ? 'conflict' : 'invalid_parameter', {
    parameter: field,
    detail: message,
  });
}

function labelsOf(pack: AnyPack): PackLabels {
  const actions = Object.fromEntries(
    Object.entries(pack.actions).map(([name, { labels }]) => [name, labels] as const),
  );
  return { actions, values: pack.labels ?? {} };
}
