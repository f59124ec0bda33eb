import type { CaptureInput } from '../audit.ts';

export type OutboxEvent = CaptureInput & { readonly id: string };

/**
 * The outcome of an event. `sent`: it is in the ledger. `rejected`: it will never be in the ledger. `later`: it is to be sent
 * again. `held`: it is to be sent again after those of other tenants, because the reason concerns only its tenant, such as a
 * missing key.
 */
export type OutboxVerdict =
  { readonly state: 'sent' } | { readonly state: 'rejected' | 'later' | 'held'; readonly reason: string };

/**
 * Sends events of one tenant, or with `undefined` events without a tenant, and resolves with a verdict for each, in order. When
 * it throws, all of them are `later`.
 */
export type SendOutbox = (
  events: readonly OutboxEvent[],
  to: { readonly tenant: string | undefined },
) => Promise<readonly OutboxVerdict[]>;
