import type { OutboxTransaction } from '../../audit.ts';

export { auditPool, type ChangeOptions, type TableOptions } from '../../changes/index.ts';

/** The part of Drizzle's `sql` that is used. */
export interface DrizzleSql<Query> {
  (texts: TemplateStringsArray, ...values: unknown[]): Query;
}

/**
 * The open transaction of Drizzle, for `capture(event, { transaction })`.
 *
 * @param sql Drizzle's own, which this package does not import
 */
export function drizzleTransaction<Query>(
  transaction: { execute(query: Query): PromiseLike<unknown> },
  sql: DrizzleSql<Query>,
): OutboxTransaction {
  return {
    query: async (text, values) => {
      const pieces = text.split(/\$\d+/);
      const order = [...text.matchAll(/\$(\d+)/g)].map(([, place]) => values[Number(place) - 1]);
      await transaction.execute(sql(Object.assign(pieces, { raw: pieces }), ...order));
    },
  };
}
