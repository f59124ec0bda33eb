/** A JSON value as RFC 8259 knows it. */
export type JsonValue = string | number | boolean | null | readonly JsonValue[] | JsonObject;
export type JsonObject = { readonly [key: string]: JsonValue };

export const actorTypes = ['user', 'service', 'agent', 'system'] as const;
export const operations = ['create', 'read', 'update', 'delete', 'execute'] as const;
export const outcomes = ['success', 'failure', 'warning', 'skipped', 'pending'] as const;
export const levels = ['low', 'medium', 'high', 'critical'] as const;

export type ActorType = (typeof actorTypes)[number];
export type Operation = (typeof operations)[number];
export type Outcome = (typeof outcomes)[number];
export type Level = (typeof levels)[number];

/** A person or thing named where its type or id may be unknown. */
export type Party = { readonly type?: string; readonly id?: string; readonly name?: string };
export type Subject = Party & { readonly email?: string };
export type Target = { readonly type: string; readonly id: string; readonly name?: string };
export type Actor = {
  readonly type: ActorType;
  readonly id: string;
  readonly name?: string;
  readonly email?: string;
  readonly role?: string;
  readonly onBehalfOf?: Party;
};
/** `value` is a decimal string such as `-12.50`, `currency` an ISO 4217 code. */
export type Amount = { readonly value: string; readonly currency: string };
/** An absent `before` means there was no value, which is not the same as `null`. */
export type Change = { readonly path: string; readonly before?: JsonValue; readonly after?: JsonValue };
export type Client = {
  readonly ip?: string;
  readonly userAgent?: string;
  readonly country?: string;
  readonly device?: string;
};
export type HostRequest = { readonly method?: string; readonly url?: string; readonly status?: number };

/**
 * What a host reports: who did what to what (glossary: event). Every text is the host's own, byte for byte,
 * except `id` (lower case) and `occurredAt` (UTC milliseconds, `2026-03-01T10:00:00.000Z`).
 */
export type AuditEvent = {
  readonly id: string;
  readonly action: string;
  readonly actor: Actor;
  readonly operation?: Operation;
  readonly outcome?: Outcome;
  readonly level?: Level;
  readonly module?: string;
  /** The first is the primary one. */
  readonly targets?: readonly Target[];
  readonly subject?: Subject;
  readonly occurredAt?: string;
  readonly reason?: string;
  readonly description?: string;
  readonly error?: { readonly code?: string; readonly message?: string };
  readonly amount?: Amount;
  readonly tags?: readonly string[];
  readonly durationMs?: number;
  readonly sensitive?: boolean;
  readonly reviewRequired?: boolean;
  readonly context?: JsonObject;
  readonly changes?: readonly Change[];
  readonly attributes?: JsonObject;
  readonly client?: Client;
  readonly request?: HostRequest;
  readonly sessionId?: string;
  readonly correlationId?: string;
  readonly traceId?: string;
  readonly spanId?: string;
};
