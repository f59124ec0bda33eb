import type { CaptureInput } from '../audit.ts';

export type OutboxEvent = CaptureInput & { readonly id: string };

/**
 * What became of one event: `sent` is in the ledger, `rejected` will never be, `later` is to be sent again, `held` too, but
 * for what concerns its tenant alone, such as a key that is not known: others go before.
 */
export type OutboxVerdict =
  { readonly state: 'sent' } | { readonly state: 'rejected' | 'later' | 'held'; readonly reason: string };

/**
 * Sends events of one tenant (undefined: none was named) and judges each, in order. What it throws makes all of them
 * `later`.
 */
export type SendOutbox = (
  events: readonly OutboxEvent[],
  to: { readonly tenant: string | undefined },
) => Promise<readonly OutboxVerdict[]>;
