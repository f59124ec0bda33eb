import type { Audit } from '../audit.ts';
import { createAuditedQuery } from './audit-client.ts';
import type { ChangeCapture } from './capture-events.ts';
import { changeSettings, type ChangeOptions } from './change-options.ts';
import { answer, readQueryCall, type PgClient } from './pg-client.ts';
import { readStatement } from './read-statement.ts';
import { createTableLookup } from './table-lookup.ts';

/** The part of `pg`'s Pool that is used. */
export interface PgPool {
  query(...args: readonly never[]): unknown;
  connect(...args: readonly never[]): unknown;
}

/**
 * Wraps a pool of `pg`, so that its connections capture their changes: for each row an event with its fields before and after,
 * in the transaction of the change. Give the wrapped pool to the mapper: Kysely's dialect,
 * `drizzle({ client })`, `new PrismaPg(pool)`; TypeORM takes `auditDriver`.
 *
 * When a table has the triggers of `bitacora capture install`, the triggers capture its rows, with the context of the running
 * code.
 */
export function auditPool<Pool extends PgPool>(
  pool: Pool,
  audit: Pick<Audit, 'capture'>,
  options: ChangeOptions = {},
): Pool {
  const settings = changeSettings(options);
  return auditedPool(pool, { audit, settings, tables: createTableLookup(settings) });
}

/** Wraps `pg` itself, for mappers that make their own pools: TypeORM's `driver`. */
export function auditDriver<Driver extends { readonly Pool: new (...args: never[]) => PgPool }>(
  driver: Driver,
  audit: Pick<Audit, 'capture'>,
  options: ChangeOptions = {},
): Driver {
  const Pool = new Proxy(driver.Pool, {
    construct: (target, args: never[]) => auditPool(new target(...args), audit, options),
  });
  return new Proxy(driver, {
    get: (target, property) => (property === 'Pool' ? Pool : Reflect.get(target, property)),
  });
}

function auditedPool<Pool extends PgPool>(pool: Pool, capture: ChangeCapture): Pool {
  const clients = new WeakMap<object, object>();
  const audited = (client: unknown): unknown => {
    if (!isClient(client)) return client;
    const wrapper = clients.get(client) ?? auditedClient(client, capture);
    clients.set(client, wrapper);
    return wrapper;
  };
  const connect = (...args: readonly unknown[]): unknown => {
    const [callback] = args;
    if (typeof callback !== 'function') return Promise.resolve(call(pool, 'connect', [])).then(audited);
    return call(pool, 'connect', [
      (error: unknown, client: unknown, release: unknown) =>
        Reflect.apply(callback, undefined, [error, audited(client), release]),
    ]);
  };
  const query = (...args: readonly unknown[]): unknown => {
    const statement = readQueryCall(args);
    if (!statement || readStatement(statement.text).kind === 'none') return call(pool, 'query', args);
    const result = onOneClient(connect, [{ ...statement.config, values: statement.values }]);
    if (!statement.callback) return result;
    void answer(result, statement.callback);
    return undefined;
  };
  return withMembers(pool, { connect, query });
}

async function onOneClient(connect: () => unknown, args: readonly unknown[]): Promise<unknown> {
  const client = await connect();
  if (!isClient(client)) throw new TypeError('the pool returned no client');
  try {
    const result: unknown = await client.query(...args);
    release(client);
    return result;
  } catch (error) {
    // The pool gives up a connection that failed, as `pool.query` of pg does.
    release(client, error);
    throw error;
  }
}

function auditedClient(client: PgClient, capture: ChangeCapture): object {
  return withMembers(client, { query: createAuditedQuery(client, capture) });
}

/** An object like `original` with some other members. Its methods run on the original, so that they share its state. */
function withMembers<Original extends object>(
  original: Original,
  members: Readonly<Record<string, unknown>>,
): Original {
  const bound = new Map<PropertyKey, unknown>();
  return new Proxy(original, {
    get(target, property) {
      if (typeof property === 'string' && Object.hasOwn(members, property)) return members[property];
      const value: unknown = Reflect.get(target, property, target);
      // Functions that the object itself owns, such as classes and the `release` of a client, need no `this`.
      if (typeof value !== 'function' || property === 'constructor' || Object.hasOwn(target, property))
        return value;
      const method: unknown = bound.get(property) ?? value.bind(target);
      bound.set(property, method);
      return method;
    },
    set: (target, property, value) => Reflect.set(target, property, value, target),
  });
}

function isClient(value: unknown): value is PgClient {
  return typeof value === 'object' && value !== null && 'query' in value && typeof value.query === 'function';
}

function call(target: object, name: string, args: readonly unknown[]): unknown {
  return Reflect.apply(Reflect.get(target, name), target, [...args]);
}

function release(client: object, error?: unknown): void {
  call(client, 'release', error === undefined ? [] : [error]);
}
