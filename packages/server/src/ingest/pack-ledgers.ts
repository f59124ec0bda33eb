import { ledgerOf, type AnyPack, type Retention } from '@bitacora/pack-kit';
import type { Grant, Ledger, Tenants } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import type { Ingest } from './ingest.ts';
import { recordLedger } from './record-ledger.ts';

export interface PackLedgers {
  /**
   * The ledger of an action's events: that of its pack when the pack has another retention period, else `fallback`.
   * @throws not_found
   */
  ledgerOf(grant: Grant, action: string, fallback: Ledger): Ledger | Promise<Ledger>;
}

/** A ledger has one retention period, so a pack with another period gets its own ledger, which is made with its first event. */
export function createPackLedgers(options: {
  tenants: Tenants;
  ingest: Ingest;
  packs: readonly AnyPack[];
}): PackLedgers {
  const { tenants } = options;
  const packOf = new Map(
    options.packs.flatMap((pack) => Object.keys(pack.actions).map((action) => [action, pack] as const)),
  );
  const ledgers = new Map<string, Promise<Ledger>>();
  const ensure = async (grant: Grant, name: string, retention: Retention | undefined): Promise<Ledger> => {
    const find = async (): Promise<Ledger | undefined> =>
      (await tenants.ledgers(grant.tenant.id)).find((ledger) => ledger.name === name);
    const existing = await find();
    if (existing) return existing;
    const retentionDays = typeof retention === 'object' ? retention.days : undefined;
    const suffix = name.slice(grant.tenant.name.length + 1);
    return recordLedger(grant, { suffix, retentionDays }, options).catch(async (error: unknown) => {
      // Another server may have made the ledger at the same moment.
      const ledger = await find();
      if (ledger) return ledger;
      throw error;
    });
  };
  return {
    ledgerOf(grant, action, fallback) {
      const pack = packOf.get(action);
      if (!pack) return fallback;
      const retention: Retention =
        fallback.retentionDays === null ? 'forever' : { days: fallback.retentionDays };
      const name = ledgerOf(pack, { name: grant.tenant.name, retention });
      if (name === fallback.name) return fallback;
      const allowed = grant.ledgerNames;
      if (allowed !== null && !allowed.includes(name)) {
        throw new AuditError('not_found', {
          parameter: 'ledger',
          detail: `this key may not write to ${name}`,
        });
      }
      const key = `${grant.tenant.id}/${name}`;
      const cached = ledgers.get(key);
      if (cached) return cached;
      const ledger = ensure(grant, name, pack.retention);
      ledgers.set(key, ledger);
      ledger.catch(() => ledgers.delete(key));
      return ledger;
    },
  };
}
