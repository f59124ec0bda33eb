import type { OutboxTransaction } from '../../audit.ts';

export { auditPool, type ChangeOptions, type TableOptions } from '../../changes/index.ts';

/** The open interactive transaction of Prisma, for `capture(event, { transaction })`. */
export function prismaTransaction(transaction: {
  $executeRawUnsafe(text: string, ...values: unknown[]): PromiseLike<number>;
}): OutboxTransaction {
  return {
    query: async (text, values): Promise<unknown> => {
      const rows = await transaction.$executeRawUnsafe(text, ...values);
      return rows;
    },
  };
}
