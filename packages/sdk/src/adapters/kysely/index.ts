import type { OutboxTransaction } from '../../audit.ts';

export { auditPool, type ChangeOptions, type TableOptions } from '../../changes/index.ts';

/**
 * The open transaction of Kysely, for `capture(event, { transaction })`.
 *
 * @param CompiledQuery Kysely's own, which this package does not import
 */
export function kyselyTransaction<Query>(
  transaction: { executeQuery(query: Query): Promise<unknown> },
  CompiledQuery: { raw(text: string, values: unknown[]): Query },
): OutboxTransaction {
  return { query: (text, values) => transaction.executeQuery(CompiledQuery.raw(text, [...values])) };
}
