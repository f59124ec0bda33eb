import { createOutboxForwarder, outboxPost, type Forwarded } from '@bitacora/sdk/outbox';
import type { HostQuery } from './host-database.ts';

export interface ForwardOptions {
  readonly query: HostQuery;
  readonly url: string;
  readonly key: string;
  /** The API key of each tenant that events name; undefined: `key` is used for all. */
  readonly keyOf: ((tenant: string) => string | undefined) | undefined;
  readonly ledger: string | undefined;
  readonly batchRowsMax: number;
  /** Ends when the outbox is empty. */
  readonly once: boolean;
  readonly signal: AbortSignal;
  readonly onError: (error: Error) => void;
}

/**
 * Forwards the outbox of a host's database. With `once` it returns the counts of rows, and ends when the outbox is empty
 * or the server does not accept rows for now.
 */
export async function forwardOutbox(options: ForwardOptions): Promise<Forwarded> {
  const { query, url, key, keyOf, ledger, batchRowsMax, once, signal, onError } = options;
  const to = outboxPost({ url, key, ledger, ...(keyOf && { keyOf }) });
  const forwarder = createOutboxForwarder({ query, to, batchRowsMax, onError });
  const total = { sent: 0, rejected: 0, unchanged: 0, later: 0, held: 0 };
  if (!once) {
    await forwarder.run(signal);
    return total;
  }
  while (!signal.aborted) {
    const batch = await forwarder.forwardOnce();
    total.sent += batch.sent;
    total.rejected += batch.rejected;
    total.unchanged += batch.unchanged;
    total.held += batch.held;
    total.later = batch.later;
    if (batch.later > 0 || batch.sent + batch.rejected + batch.unchanged + batch.held === 0) break;
  }
  return total;
}
