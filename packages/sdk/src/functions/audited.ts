import type { Audit, CaptureInput, Mode } from '../audit.ts';
import { errorFields } from './error-fields.ts';
import { settle } from './settle.ts';

/** A value, or a function of the call's arguments and of what it returned (undefined when it threw). */
export type FromCall<Value, Args extends unknown[], Returned> =
  Value | ((args: Args, result: Returned | undefined) => Value);

type Described = Omit<CaptureInput, 'action' | 'outcome' | 'durationMs' | 'error' | 'id' | 'occurredAt'>;

/** The fields of a call's event. `error`, `outcome`, `durationMs` and `occurredAt` come from the call itself. */
export type AuditedOptions<Args extends unknown[] = never, Returned = never> = {
  /** Pass a function if the audit does not exist yet when the wrapper is made. */
  readonly audit: Audit | (() => Audit);
  readonly action: FromCall<string, Args, Returned>;
  readonly mode?: Mode;
  /** Which calls are recorded. Absent: calls that return and calls that throw. */
  readonly only?: 'success' | 'failure';
} & { readonly [Field in keyof Described]?: FromCall<Described[Field] | undefined, Args, Returned> };

type Method<This, Args extends unknown[], Result> = (this: This, ...args: Args) => Result;

/** Decorates a method, by standard decorators or by those of `experimentalDecorators`, or wraps a function. */
export interface AuditedDecorator<Args extends unknown[], Returned> {
  <This, Own extends Args, Result extends Returned | Promise<Returned>>(
    method: Method<This, Own, Result>,
    context?: ClassMethodDecoratorContext,
  ): Method<This, Own, Result>;
  <This, Own extends Args, Result extends Returned | Promise<Returned>>(
    target: object,
    name: string | symbol,
    descriptor: TypedPropertyDescriptor<Method<This, Own, Result>>,
  ): TypedPropertyDescriptor<Method<This, Own, Result>>;
}

/**
 * Wraps a function, or returns a decorator of a method that also wraps functions, so that a domain can name both at once:
 * `const auditExport = (kind: string) => audited({ … })`. Each call is captured with its outcome, duration and error. The
 * caller gets the function's result or error unchanged. The promise of an async function resolves when the event is captured
 * as its mode says; a capture that fails never makes the call fail. For a generator function, the call that creates the
 * generator is recorded. When a function in an option throws, the event lacks that field and lists it in
 * `attributes.unreadable`.
 */
export function audited<This, Args extends unknown[], Result>(
  options: AuditedOptions<Args, Awaited<Result>>,
  fn: Method<This, Args, Result>,
): Method<This, Args, Result>;
export function audited<Args extends unknown[], Returned>(
  options: AuditedOptions<Args, Returned>,
): AuditedDecorator<Args, Returned>;
export function audited<This, Args extends unknown[], Result>(
  options: AuditedOptions<Args, Awaited<Result>>,
  fn?: Method<This, Args, Result>,
): unknown {
  return fn === undefined
    ? (
        method: Method<This, Args, Result>,
        _name?: unknown,
        descriptor?: TypedPropertyDescriptor<typeof method>,
      ) =>
        descriptor?.value
          ? { ...descriptor, value: wrapped(options, descriptor.value) }
          : wrapped(options, method)
    : wrapped(options, fn);
}

function wrapped<This, Args extends unknown[], Result>(
  options: AuditedOptions<Args, Awaited<Result>>,
  fn: Method<This, Args, Result>,
): Method<This, Args, Result> {
  function call(this: This, ...args: Args): Result {
    const startedAt = Date.now();
    const started = performance.now();
    return settle(
      () => fn.apply(this, args),
      (ended) => {
        if (options.only !== undefined && options.only !== ended.outcome) return undefined;
        const fields = described(options, { args, result: ended.result, name: fn.name });
        const audit = typeof options.audit === 'function' ? options.audit() : options.audit;
        return audit.capture(
          {
            ...fields,
            outcome: ended.outcome,
            durationMs: performance.now() - started,
            occurredAt: new Date(startedAt).toISOString(),
            ...(ended.outcome === 'failure' && { error: errorFields(ended.error) }),
          },
          options.mode === undefined ? undefined : { mode: options.mode },
        );
      },
    );
  }
  Object.defineProperty(call, 'name', { value: fn.name, configurable: true });
  Object.defineProperty(call, 'length', { value: fn.length, configurable: true });
  // Properties that others set on the function, such as the routes of NestJS, are found on the wrapper too.
  Object.setPrototypeOf(call, fn);
  return call;
}

const notFields = new Set(['audit', 'mode', 'only']);

function described<Args extends unknown[], Returned>(
  options: AuditedOptions<Args, Returned>,
  call: { readonly args: Args; readonly result: Returned | undefined; readonly name: string },
): CaptureInput {
  const fields: Record<string, unknown> = {};
  const unreadable: string[] = [];
  for (const [field, value] of Object.entries(options)) {
    if (notFields.has(field)) continue;
    try {
      fields[field] =
        typeof value === 'function' ? Reflect.apply(value, undefined, [call.args, call.result]) : value;
    } catch {
      unreadable.push(field);
    }
  }
  const action = typeof fields['action'] === 'string' ? fields['action'] : `function.${call.name || 'call'}`;
  if (unreadable.length === 0) return { ...fields, action };
  return { ...fields, action, attributes: { ...Object(fields['attributes']), unreadable } };
}
