import { canonicalJson, type AuditEvent, type Rejection } from '@bitacora/event';
import type { Directory, DirectoryRecord } from '../access/index.ts';
import type { Admitted, LedgerRow } from '../ledger/index.ts';
import { operationOf, type ActionPolicy } from './vocabulary.ts';

export interface AdmitOptions {
  ledger: LedgerRow;
  policyOf: (action: string) => ActionPolicy;
  directory: Directory;
}

export type Admission = Admitted | { id: string; rejection: Rejection };

/**
 * Applies the pack of each action (attribute types, directory, its own admission) and then the defaults: outcome
 * `success`, level `low`, the operation of the action.
 */
export async function admit(events: readonly AuditEvent[], options: AdmitOptions): Promise<Admission[]> {
  const policies = events.map((event) => options.policyOf(event.action));
  const keys = events.flatMap((event, position) => policies[position]?.pack?.admission?.needs(event) ?? []);
  const found =
    keys.length > 0
      ? await options.directory.find(options.ledger.tenant, keys)
      : new Map<string, DirectoryRecord>();
  const fields = new Map([...found].map(([key, record]) => [key, record.fields]));
  return events.map((event, position) => {
    const policy = policies[position] ?? options.policyOf(event.action);
    const admitted = byPack(event, policy, fields);
    if ('code' in admitted) return { id: event.id, rejection: admitted };
    return {
      event: withDefaults(admitted, policy),
      received: canonicalJson(event),
      personal: policy.personal,
    };
  });
}

function byPack(
  event: AuditEvent,
  policy: ActionPolicy,
  found: ReadonlyMap<string, Readonly<Record<string, unknown>>>,
): AuditEvent | Rejection {
  const rejection = policy.pack?.check?.(event);
  if (rejection) return rejection;
  return policy.pack?.admission?.admit(event, found) ?? event;
}

function withDefaults(event: AuditEvent, policy: ActionPolicy): AuditEvent {
  const { rule } = policy;
  const filled: { -readonly [Key in keyof AuditEvent]: AuditEvent[Key] } = { ...event };
  filled.operation ??= rule?.operation ?? operationOf(event.action);
  filled.outcome ??= 'success';
  filled.level ??= rule?.level ?? 'low';
  if (filled.module === undefined && rule?.module !== undefined) filled.module = rule.module;
  return filled;
}
