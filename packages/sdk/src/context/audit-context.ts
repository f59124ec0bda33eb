import { AsyncLocalStorage } from 'node:async_hooks';
import type { EventInput } from '@bitacora/event';
import { activeTrace } from './active-trace.ts';

/** Fields of all events that are captured inside. A field of the event itself comes before that of the context. */
export interface AuditContext {
  /** The tenant whose ledger takes the events, where one process serves several tenants (`keyOf` of `createAudit`). */
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
 * The context of the code that is running; empty outside of any. Where it names no trace, the ids of OpenTelemetry's active
 * span are added, if the host uses OpenTelemetry.
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

/** Runs `run` with exactly this context, and nothing of the current one. */
export function withOnlyContext<Result>(context: AuditContext, run: () => Result): Result {
  return storage.run({ context }, run);
}

/**
 * Adds the fields of `context` to the running context, or replaces them, for fields that are known later, such as the actor
 * after sign-in. All code inside the same `withContext` sees the change. False outside of any context.
 */
export function extendContext(context: AuditContext): boolean {
  const cell = storage.getStore();
  if (cell) cell.context = merged(cell.context, context);
  return cell !== undefined;
}

/**
 * Keeps the running context. The function that it returns runs its argument in that context, with the fields that
 * `extendContext` has added until then. It is for answers that end outside of the request's code, and costs less than
 * `AsyncLocalStorage.snapshot`.
 */
export function keepContext(): <Result>(run: () => Result) => Result {
  const cell = storage.getStore();
  // Entering the context again costs a microsecond, so it is not entered when it is still the running context.
  return (run) => (cell === undefined || storage.getStore() === cell ? run() : storage.run(cell, run));
}

/** Runs `run` with `actor` as the actor, such as a job's own system actor. */
export function runAs<Result>(actor: NonNullable<AuditContext['actor']>, run: () => Result): Result {
  return withContext({ actor }, run);
}

/** Runs `run` with the current actor acting for `party` (impersonation): events name both. Without a current actor nothing is added. */
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
