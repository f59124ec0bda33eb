import type { OutboxTransaction } from '../../audit.ts';

export { auditDriver, type ChangeOptions, type TableOptions } from '../../changes/index.ts';

/** The open transaction of TypeORM, its entity manager or query runner, for `capture(event, { transaction })`. */
export function typeormTransaction(transaction: {
  query(text: string, values: unknown[]): Promise<unknown>;
}): OutboxTransaction {
  return { query: (text, values) => transaction.query(text, [...values]) };
}
