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

/**
 * The condition of a caller's filters, limited to the entries that the caller may see. Every question about entries goes
 * through here. @throws invalid_parameter, invalid_query
 */
export function grantedCondition(grant: Grant, filters: EntryFilters, context: QuestionContext): Condition {
  const tenantKeys = context.ledgers.tenantKeys(grant.tenant.id);
  const filtered = conditionOf(filters, {
    token: tenantKeys.searchToken,
    pseudonym: tenantKeys.pseudonym,
    hiddenSession: tenantKeys.hiddenSession,
    zone: context.zone,
    now: context.clock(),
  });
  const reach = reachCondition(grant, context);
  // A question that lies within the reach needs no extra condition: the recent store can answer it like anybody's question.
  return liesWithin(filtered, reach) ? filtered : allOf([reach, filtered]);
}

/** True when the terms alone show that every entry that matches `condition` also matches `reach`. */
function liesWithin(condition: Condition, reach: Condition): boolean {
  if (reach.kind === 'all') return true;
  if (reach.kind === 'or') return reach.parts.some((part) => liesWithin(condition, part));
  if (reach.kind !== 'keys') return false;
  switch (condition.kind) {
    case 'keys':
      return condition.keys.every((key) => reach.keys.includes(key));
    case 'and':
      return condition.parts.some((part) => liesWithin(part, reach));
    case 'or':
      return condition.parts.every((part) => liesWithin(part, reach));
    default:
      return false;
  }
}

/**
 * The entries that a grant reaches. Row-level security enforces the tenant and the ledgers. Within a ledger, sixteen entries
 * share a row, so a narrower reach is a condition that is added to every question, and rollups cannot answer these questions.
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
