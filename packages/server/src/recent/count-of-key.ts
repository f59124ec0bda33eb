import { setTimeout as sleep } from 'node:timers/promises';
import type { Grant, Ledger } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import { grantedCondition } from '../read/index.ts';
import type { ReadContext } from '../read/index.ts';
import { keyList } from './key-list.ts';
import type { RecentSource } from './recent-source.ts';
import type { Recent } from './recent.ts';

/** While events are written, the window is at the head only at some moments, so opening it is tried several times. */
const openAttemptsMax = 40;
const openAgainAfterMs = 25;

/**
 * How many entries recent holds for values of indexed fields, such as one client's; undefined when it could not be asked.
 * @throws invalid_parameter when no index has exactly these fields
 */
export async function countOfKey(
  grant: Grant,
  { ledger, fields }: { ledger: Ledger; fields: Readonly<Record<string, string>> },
  { recent, source, read }: { recent: Recent; source: RecentSource; read: ReadContext },
): Promise<number | undefined> {
  const { indexes } = recent.settings;
  const wanted = Object.keys(fields).sort().join();
  if (!indexes.some((index) => [...index].sort().join() === wanted))
    throw new AuditError('invalid_parameter', {
      parameter: 'only',
      detail: `only: there is no index of ${wanted || 'nothing'}; there are ${indexes.map((index) => index.join('+')).join(', ') || 'none'}`,
    });
  const condition = grantedCondition(grant, { fields }, read);
  for (let attempt = 0; attempt < openAttemptsMax; attempt++) {
    const head = (await recent.heads([ledger.id])).get(ledger.id);
    if (!head || head.size === 0) return 0;
    const open = await recent.open(ledger, head);
    if (open) return keyList(open, condition, { recent, source })?.entries.length ?? 0;
    await sleep(openAgainAfterMs);
  }
  return undefined;
}
