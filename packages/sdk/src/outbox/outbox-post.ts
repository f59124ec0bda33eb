import { withoutAudit } from '../context/audit-context.ts';
import { createSnapshot } from '../redact/create-snapshot.ts';
import type { RedactOptions } from '../redact/redact-options.ts';
import type { OutboxVerdict, SendOutbox } from './send-outbox.ts';

export interface OutboxPostOptions {
  readonly url: string;
  /** An API key with the scope ingest, for events that name no tenant; without `keyOf`, for all events. */
  readonly key: string;
  /** The key of each tenant that a context named. Undefined: its events stay in the outbox. */
  readonly keyOf?: (tenant: string) => string | undefined;
  /** Absent: the tenant's default ledger. */
  readonly ledger?: string | undefined;
  /** Triggers write what is in the tables; secrets are redacted here, as in `capture`. */
  readonly redact?: RedactOptions;
  /** No request takes longer (30 s). */
  readonly requestTimeoutMs?: number;
}

/**
 * Sends over HTTP. A batch that is too large is sent in halves. With `keyOf`, an answer about the tenant's key (401, 403) or
 * about a missing ledger (404) delays only that tenant.
 */
export function outboxPost(options: OutboxPostOptions): SendOutbox {
  const { url, keyOf, ledger, redact, requestTimeoutMs = 30_000 } = options;
  const query = ledger === undefined ? '' : `?ledger=${encodeURIComponent(ledger)}`;
  const endpoint = `${url.replace(/\/+$/, '')}/v1/events${query}`;
  const snapshot = createSnapshot(redact);
  return (events, { tenant }) => {
    const key = tenant === undefined || keyOf === undefined ? options.key : keyFor(tenant);
    if (!key) {
      const held = { state: 'held', reason: 'there is no key for this tenant' } as const;
      return Promise.resolve(events.map(() => held));
    }
    const redacted = events.map((event) => {
      const taken = snapshot(event);
      // The server rejects an event that cannot be copied here.
      return taken.ok ? taken.event : event;
    });
    // This request must not be captured where the host captures its outgoing requests.
    return withoutAudit(() =>
      send(redacted, { key, refusal: tenant !== undefined && keyOf ? 'held' : 'later' }),
    );
  };

  function keyFor(tenant: string): string | undefined {
    try {
      return keyOf?.(tenant);
    } catch {
      return undefined;
    }
  }

  async function send(events: readonly unknown[], account: Account): Promise<readonly OutboxVerdict[]> {
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { authorization: `Bearer ${account.key}`, 'content-type': 'application/json' },
      body: JSON.stringify(events),
      signal: AbortSignal.timeout(requestTimeoutMs),
    });
    const text = await response.text();
    const results = response.ok || [409, 422].includes(response.status) ? resultsIn(text) : undefined;
    if (results?.length === events.length) return results.map(verdictOf);
    if (response.status === 413 && events.length > 1) {
      const half = Math.ceil(events.length / 2);
      return [...(await send(events.slice(0, half), account)), ...(await send(events.slice(half), account))];
    }
    const reason = `the server answered ${response.status}: ${text.slice(0, 300)}`;
    const refused = [401, 403, 404].includes(response.status) ? account.refusal : 'later';
    return events.map(() => ({ state: response.status === 413 ? 'rejected' : refused, reason }));
  }
}

/** The tenant with whose key a batch is sent. */
interface Account {
  readonly key: string;
  /** The outcome of events whose key the server refuses. */
  readonly refusal: 'held' | 'later';
}

function resultsIn(text: string): readonly unknown[] | undefined {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body !== 'object' || body === null || !('results' in body)) return undefined;
    return Array.isArray(body.results) ? body.results : undefined;
  } catch {
    return undefined;
  }
}

function verdictOf(result: unknown): OutboxVerdict {
  if (typeof result !== 'object' || result === null || !('error' in result)) return { state: 'sent' };
  return { state: 'rejected', reason: JSON.stringify(result.error).slice(0, 500) };
}
