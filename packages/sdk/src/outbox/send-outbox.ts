import type { CaptureInput } from '../audit.ts';

export type OutboxEvent = CaptureInput & { readonly id: string };

/**
 * What became of one event. `sent`: it is in the ledger. `rejected`: it will never be. `later`: it is to be sent again. `held`:
 * it is to be sent again too, but the reason concerns its tenant alone, such as a missing key: events of other tenants are
 * sent before.
 */
export type OutboxVerdict =
  { readonly state: 'sent' } | { readonly state: 'rejected' | 'later' | 'held'; readonly reason: string };

/**
 * Sends events of one tenant (undefined: no tenant was named) and resolves with a verdict for each, in order. When it throws,
 * all of them are `later`.
 */
export type SendOutbox = (
  events: readonly OutboxEvent[],
  to: { readonly tenant: string | undefined },
) => Promise<readonly OutboxVerdict[]>;
