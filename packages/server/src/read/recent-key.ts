import type { Grant, Ledger } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import { grantedCondition } from './granted-condition.ts';
import type { ReadContext } from './reader.ts';
import { keyList } from './recent-page.ts';

/**
 * How many entries recent holds for values of indexed fields, such as one client's.
 * @throws invalid_parameter where no index has just these fields
 */
export async function countOfKey(
  grant: Grant,
  { ledger, fields }: { ledger: Ledger; fields: Readonly<Record<string, string>> },
  context: ReadContext,
): Promise<number> {
  const { recent, recentSource: source } = context;
  if (!recent || !source) return 0;
  const { indexes } = recent.settings;
  const asked = Object.keys(fields).sort().join();
  if (!indexes.some((index) => [...index].sort().join() === asked))
    throw new AuditError('invalid_parameter', {
      parameter: 'only',
      detail: `only: there is no index of ${asked || 'nothing'}; there are ${indexes.map((index) => index.join('+')).join(', ') || 'none'}`,
    });
  const condition = grantedCondition(grant, { fields }, context);
  const head = (await recent.heads({ tenant: ledger.tenant, ledgers: [ledger.id] })).get(ledger.id);
  const open = head && (await recent.open(ledger, head));
  return (open && keyList(open, condition, { recent, source })?.entries.length) ?? 0;
}
