import type { AuditEvent } from './audit-event.ts';
import type { Entry } from './entry.ts';

/** The action of the event that announces a removal, and of the one that states a ledger's period. */
export const purgeAction = 'retention.purge';
export const ledgerCreateAction = 'ledger.create';

/** The entries `[firstIndex, endIndex)` of a ledger that retention removes, and why it may. */
export type PurgeNotice = {
  readonly ledger: string;
  readonly firstIndex: number;
  readonly endIndex: number;
  /** Base64 of the root of the ledger's tree at size `endIndex`. */
  readonly root: string;
  /** The ledger's period. */
  readonly retentionDays: number;
  /** Least and greatest `ingestedAt` of the entries, UTC milliseconds. */
  readonly ingestedFrom: string;
  readonly ingestedTo: string;
};

/** The part of the event that announces a removal which readers rely on. */
export function purgeEvent({
  ledger,
  ...notice
}: PurgeNotice): Pick<AuditEvent, 'action' | 'operation' | 'targets' | 'attributes'> {
  return {
    action: purgeAction,
    operation: 'delete',
    targets: [{ type: 'ledger', id: ledger }],
    attributes: { ...notice, entries: notice.endIndex - notice.firstIndex },
  };
}

/** Reads the entry of an event that announces a removal; undefined when it is another event. */
export function readPurgeNotice({ open }: Entry): PurgeNotice | undefined {
  const { attributes = {} } = open;
  const { firstIndex, endIndex, root, retentionDays, ingestedFrom, ingestedTo } = attributes;
  const ledger = targetLedger(open);
  const isNotice =
    open.action === purgeAction &&
    ledger !== undefined &&
    isIndex(firstIndex) &&
    isIndex(endIndex) &&
    typeof root === 'string' &&
    isIndex(retentionDays) &&
    typeof ingestedFrom === 'string' &&
    typeof ingestedTo === 'string';
  return isNotice
    ? { ledger, firstIndex, endIndex, root, retentionDays, ingestedFrom, ingestedTo }
    : undefined;
}

/** Reads the entry of an event that made a ledger; `retentionDays` is null when the ledger keeps for ever. */
export function readLedgerPeriod({
  open,
}: Entry): { readonly ledger: string; readonly retentionDays: number | null } | undefined {
  const ledger = targetLedger(open);
  const retentionDays = open.attributes?.['retentionDays'];
  if (open.action !== ledgerCreateAction || ledger === undefined) return undefined;
  if (retentionDays !== null && !isIndex(retentionDays)) return undefined;
  return { ledger, retentionDays };
}

const dayMs = 86_400_000;

/**
 * Why two signed entries of a tenant's audit ledger do not justify a removal from a ledger; undefined when they do. `notice`
 * announces the removal, `period` states the ledger's period. Both must be proved before.
 */
export function purgeFault(ledger: string, evidence: { notice: Entry; period: Entry }): string | undefined {
  const notice = readPurgeNotice(evidence.notice);
  const period = readLedgerPeriod(evidence.period);
  if (notice?.ledger !== ledger) return 'the event that should announce the removal is another one';
  if (period?.ledger !== ledger) return "the event that should state the ledger's period is another one";
  const { retentionDays, ingestedFrom, ingestedTo } = notice;
  if (period.retentionDays !== retentionDays)
    return `the ledger keeps ${period.retentionDays === null ? 'for ever' : `${period.retentionDays} days`}, and not ${retentionDays} days`;
  // The clocks of two servers may differ.
  if (!(Date.parse(evidence.period.ingestedAt) - dayMs <= Date.parse(ingestedFrom)))
    return 'the period was stated after they were stored';
  const endedAt = Date.parse(ingestedTo) + retentionDays * dayMs;
  // Also when a time cannot be read.
  if (!(endedAt <= Date.parse(evidence.notice.ingestedAt)))
    return `the newest of them, stored at ${ingestedTo}, was not ${retentionDays} days old`;
  return undefined;
}

function targetLedger({ targets }: Entry['open']): string | undefined {
  const [target] = targets ?? [];
  return target?.type === 'ledger' ? target.id : undefined;
}

function isIndex(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
