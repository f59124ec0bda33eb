import { AsyncLocalStorage } from 'node:async_hooks';
import type { EventInput } from '@bitacora/event';
import { activeTrace } from './active-trace.ts';

/** What events captured inside have in common; an event's own field wins over the context's. */
export interface AuditContext {
  /** Whose ledger it goes to, where one process serves several tenants (`keyOf` of `createAudit`). */
  readonly tenant?: string;
  readonly actor?: EventInput['actor'];
  readonly subject?: EventInput['subject'];
  readonly module?: string;
  readonly reason?: string;
  readonly sessionId?: string;
  readonly correlationId?: string;
  /** W3C Trace Context: 32 and 16 hexadecimal digits. */
  readonly traceId?: string;
  readonly spanId?: string;
  readonly client?: EventInput['client'];
  readonly request?: EventInput['request'];
  readonly tags?: readonly string[];
  /** Merged key by key with the event's own. */
  readonly attributes?: EventInput['attributes'];
  /** True: nothing is captured inside. */
  readonly paused?: boolean;
}

interface Cell {
  context: AuditContext;
}

// One store for all copies of this package in a process (ESM and CommonJS, duplicates in node_modules).
const key = Symbol.for('bitacora.audit-context');
const registry: typeof globalThis & { [key]?: AsyncLocalStorage<Cell> } = globalThis;
const storage = (registry[key] ??= new AsyncLocalStorage<Cell>());
const none: AuditContext = Object.freeze({});

/**
 * The context of the code that is running; empty outside of any. Where it names no trace, OpenTelemetry's active span
 * does, if the host uses it.
 */
export function currentContext(): AuditContext {
  const context = storage.getStore()?.context ?? none;
  if (context.traceId !== undefined) return context;
  const trace = activeTrace();
  return trace === undefined ? context : { ...context, ...trace };
}

/** Runs `run`, and all that it awaits or starts, with `context` laid over the current one; returns what it returns. */
export function withContext<Result>(context: AuditContext, run: () => Result): Result {
  return storage.run({ context: merged(storage.getStore()?.context ?? none, context) }, run);
}

/** Runs `run` with exactly this context, whatever surrounds it. */
export function withOnlyContext<Result>(context: AuditContext, run: () => Result): Result {
  return storage.run({ context }, run);
}

/**
 * Lays `context` over the running one in place, for what becomes known later, such as the actor after sign-in. Everything
 * inside the same `withContext` sees it. False outside of any.
 */
export function extendContext(context: AuditContext): boolean {
  const cell = storage.getStore();
  if (cell) cell.context = merged(cell.context, context);
  return cell !== undefined;
}

/**
 * Keeps hold of the running context: the function returned runs what it is given in it, with what `extendContext` has laid
 * over it by then. For answers that end outside of the code that asked; cheaper than `AsyncLocalStorage.snapshot`.
 */
export function keepContext(): <Result>(run: () => Result) => Result {
  const cell = storage.getStore();
  // Where it is the running one still, entering it again would cost a microsecond.
  return (run) => (cell === undefined || storage.getStore() === cell ? run() : storage.run(cell, run));
}

/** Runs `run` with `actor` as the one who acts, such as a job's own system actor. */
export function runAs<Result>(actor: NonNullable<AuditContext['actor']>, run: () => Result): Result {
  return withContext({ actor }, run);
}

/** Runs `run` with the current actor acting for `party` (impersonation): both are on record. No actor: as without. */
export function onBehalfOf<Result>(
  party: NonNullable<NonNullable<AuditContext['actor']>['onBehalfOf']>,
  run: () => Result,
): Result {
  const { actor } = currentContext();
  return withContext(actor ? { actor: { ...actor, onBehalfOf: party } } : {}, run);
}

/** Runs `run` without capturing anything. */
export function withoutAudit<Result>(run: () => Result): Result {
  return withContext({ paused: true }, run);
}

function merged(outer: AuditContext, inner: AuditContext): AuditContext {
  const attributes =
    outer.attributes && inner.attributes
      ? { ...outer.attributes, ...inner.attributes }
      : (inner.attributes ?? outer.attributes);
  const client = outer.client && inner.client ? { ...outer.client, ...inner.client } : undefined;
  return { ...outer, ...inner, ...(attributes && { attributes }), ...(client && { client }) };
}
