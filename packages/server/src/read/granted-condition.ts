import type { Grant } from '../access/index.ts';
import type { Ledgers } from '../ledger/index.ts';
import { keyOf } from '../query/index.ts';
import { allOf, anyOf, everything, type Condition } from '../query/index.ts';
import { conditionOf, type EntryFilters } from '../query/index.ts';

interface QuestionContext {
  ledgers: Ledgers;
  /** IANA zone of bare dates. */
  zone: string;
  clock: () => number;
}

/** What a caller asks, within what he may see. Every question about entries goes through here. @throws invalid_parameter, invalid_query */
export function grantedCondition(grant: Grant, filters: EntryFilters, context: QuestionContext): Condition {
  const tenantKeys = context.ledgers.tenantKeys(grant.tenant.id);
  const asked = conditionOf(filters, {
    token: tenantKeys.searchToken,
    pseudonym: tenantKeys.pseudonym,
    hiddenSession: tenantKeys.hiddenSession,
    zone: context.zone,
    now: context.clock(),
  });
  const reach = reachCondition(grant, context);
  // Within the reach the question is the same as everybody's, and may be answered from wherever theirs is.
  return liesWithin(asked, reach) ? asked : allOf([reach, asked]);
}

/** True where the terms alone show that whatever matches the one matches the other. */
function liesWithin(asked: Condition, reach: Condition): boolean {
  if (reach.kind === 'all') return true;
  if (reach.kind === 'or') return reach.parts.some((part) => liesWithin(asked, part));
  if (reach.kind !== 'keys') return false;
  switch (asked.kind) {
    case 'keys':
      return asked.keys.every((key) => reach.keys.includes(key));
    case 'and':
      return asked.parts.some((part) => liesWithin(part, reach));
    case 'or':
      return asked.parts.every((part) => liesWithin(part, reach));
    default:
      return false;
  }
}

/**
 * The entries that a grant reaches. Tenant and ledgers are enforced by row-level security; within a ledger sixteen entries
 * share a row, so a narrower reach is a condition under every question, and no rollup answers it.
 */
export function reachCondition(grant: Grant, { ledgers }: Pick<QuestionContext, 'ledgers'>): Condition {
  const { searchToken, pseudonym } = ledgers.tenantKeys(grant.tenant.id);
  const has = (field: string, ids: readonly string[]): Condition => ({
    kind: 'keys',
    // A host id that is an e-mail address is stored under its pseudonym.
    keys: ids
      .filter((id) => id !== '')
      .flatMap((id) => [id, pseudonym(id)].map((stored) => keyOf(field, stored, searchToken))),
  });
  const { reach } = grant;
  switch (reach.kind) {
    case 'all':
      return everything;
    case 'own':
      return anyOf([has('actor', [reach.hostId]), has('subject', [reach.hostId])]);
    case 'actions': {
      const listed: Condition = {
        kind: 'keys',
        keys: reach.actions.map((action) => keyOf('action', action, searchToken)),
      };
      const { hostId } = reach;
      return hostId === undefined
        ? listed
        : anyOf([listed, has('actor', [hostId]), has('subject', [hostId])]);
    }
    case 'modules':
      return has('module', reach.modules);
    case 'subjects':
      return has('subject', reach.subjects);
  }
}
