import { randomInt } from 'node:crypto';
import type { Logger } from 'pino';
import type { Tenants } from '../access/index.ts';
import { checkLedger } from '../checks/index.ts';
import type { ReadContext } from '../read/index.ts';
import type { Health } from './health.ts';

export interface EvidenceCheckOptions {
  tenants: Tenants;
  context: ReadContext;
  health: Health;
  logger: Logger;
}

/**
 * Makes the function that checks a part of one ledger, chosen at random. What differs makes the server unready until it is
 * restarted: nobody must rely on answers that contradict the signed entries.
 */
export function createEvidenceCheck(options: EvidenceCheckOptions): () => Promise<void> {
  const { tenants, context, health, logger } = options;
  const reported = new Set<string>();
  return async () => {
    const ledgers = await tenants.allLedgers();
    const ledger = ledgers[randomInt(Math.max(1, ledgers.length))];
    if (!ledger) return;
    const { differences } = await checkLedger(ledger, context);
    if (differences.length === 0) return;
    logger.error({ ledger: ledger.name, differences: differences.slice(0, 20) }, 'stored evidence differs');
    for (const { kind } of differences) {
      if (reported.has(`${ledger.name} ${kind}`)) continue;
      reported.add(`${ledger.name} ${kind}`);
      health.add({
        shown: 'stored evidence differs: see the log',
        detail: `stored evidence differs in ledger ${ledger.name}: ${kind}`,
      });
    }
  };
}
