import { canonicalJson, type AuditEvent, type JsonValue, type Rejection } from '@bitacora/event';
import { checkAttributes, type DirectoryRecord } from '@bitacora/pack-kit';
import type { Directory, StoredRecord } from '../access/index.ts';
import type { AdmittedEvent } from '../ledger/index.ts';
import { operationOf, type ActionPolicy } from './vocabulary.ts';

export interface AdmitOptions {
  tenant: number;
  policyOf: (action: string) => ActionPolicy;
  directory: Directory;
  /** Replaces a session id that would sign its holder in; absent: session ids are no secrets. */
  hiddenSession?: ((sessionId: string) => string) | undefined;
}

export type AdmissionResult = AdmittedEvent | { id: string; rejection: Rejection };

/**
 * Applies the pack of each action (attribute types, directory, its own admission) and then the defaults: outcome
 * `success`, level `low`, the operation of the action.
 */
export async function admit(
  events: readonly AuditEvent[],
  options: AdmitOptions,
): Promise<AdmissionResult[]> {
  const policies = events.map((event) => options.policyOf(event.action));
  const keys = events.flatMap((event, position) => policies[position]?.pack?.admission?.needs(event) ?? []);
  const stored = keys.length === 0 ? [] : await options.directory.find(options.tenant, keys);
  const records = new Map([...stored].map(([key, record]) => [key, packRecord(record)]));
  return events.map((event, position) => {
    const policy = policies[position] ?? options.policyOf(event.action);
    const admitted = byPack(event, policy, records);
    if (!admitted.ok) return { id: event.id, rejection: admitted.rejection };
    return {
      event: withDefaults(withoutSecret(admitted.event, options), policy),
      received: canonicalJson(event),
      personal: policy.personal,
    };
  });
}

function byPack(
  event: AuditEvent,
  { pack }: ActionPolicy,
  records: ReadonlyMap<string, DirectoryRecord>,
): { ok: true; event: AuditEvent } | { ok: false; rejection: Rejection } {
  const rejection = pack?.attributes && checkAttributes(event.attributes, pack.attributes);
  if (rejection) return { ok: false, rejection };
  return pack?.admission?.admit(event, records) ?? { ok: true, event };
}

/** Replaces the session id in every event, also of actions that no pack declares: any of them may carry a secret one. */
function withoutSecret(
  event: AuditEvent,
  { hiddenSession }: Pick<AdmitOptions, 'hiddenSession'>,
): AuditEvent {
  if (event.sessionId === undefined || !hiddenSession) return event;
  return { ...event, sessionId: hiddenSession(event.sessionId) };
}

/** The members that packs know by name stand at the top of the record, the others in `attributes`. */
function packRecord({ type, id, fields }: StoredRecord): DirectoryRecord {
  const named: Record<string, string> = {};
  const attributes: Record<string, JsonValue> = {};
  for (const [name, value] of Object.entries(fields)) {
    if (['name', 'email', 'role', 'state', 'period'].includes(name) && typeof value === 'string')
      named[name] = value;
    else attributes[name] = value;
  }
  return { type, id, ...named, attributes };
}

function withDefaults(event: AuditEvent, { action }: ActionPolicy): AuditEvent {
  const filled: { -readonly [Key in keyof AuditEvent]: AuditEvent[Key] } = { ...event };
  filled.operation ??= action?.operation ?? operationOf(event.action);
  filled.outcome ??= 'success';
  filled.level ??= action?.level ?? 'low';
  if (filled.module === undefined && action?.module !== undefined) filled.module = action.module;
  return filled;
}
