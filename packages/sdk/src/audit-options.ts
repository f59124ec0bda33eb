import type { DroppedEvent } from './delivery.ts';
import type { SdkError } from './sdk-error.ts';

export interface AuditOptions {
  /** The server's base, such as `http://localhost:4000`. */
  readonly url: string;
  readonly key: string;
  /** Absent: the tenant's default ledger. */
  readonly ledger?: string;
  /** A batch leaves when it holds this many events (500), this many UTF-8 bytes (1 MiB), or when its oldest event is this old (1 s). */
  readonly batchEventsMax?: number;
  readonly batchBytesMax?: number;
  readonly batchAfterMs?: number;
  /** Events waiting, in UTF-8 bytes (32 MiB); what comes above it is dropped, counted and told. */
  readonly pendingBytesMax?: number;
  /** Smaller bodies are sent as they are (2 KiB). */
  readonly gzipAboveBytes?: number;
  readonly requestTimeoutMs?: number;
  /** Waits between attempts are drawn from 0 to this, doubling from 500 ms (60 s). */
  readonly retryWaitMaxMs?: number;
  readonly onError?: (error: SdkError) => void;
  readonly onDrop?: (event: DroppedEvent) => void;
  readonly fetch?: typeof globalThis.fetch;
  /** Unix milliseconds. */
  readonly clock?: () => number;
}

/** The options with every limit filled in. */
export type Settings = Required<Omit<AuditOptions, 'ledger' | 'url'>> & { readonly endpoint: string };

/** Fills in the defaults. TypeError for what cannot work: at the start is the only time to say so. */
export function settingsOf(options: AuditOptions): Settings {
  const { url, key, ledger } = options;
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) throw new TypeError(`url: not an http(s) URL: ${url}`);
  if (key.trim() === '') throw new TypeError('key: an API key with the scope ingest is needed');
  for (const [name, value] of Object.entries(options)) {
    if (/(?:Max|Ms|Bytes)$/.test(name) && !(typeof value === 'number' && value >= 0)) {
      throw new TypeError(`${name}: a number of at least 0 is needed`);
    }
  }
  const query = ledger === undefined ? '' : `?ledger=${encodeURIComponent(ledger)}`;
  return {
    endpoint: `${url.replace(/\/+$/, '')}/v1/events${query}`,
    key,
    batchEventsMax: Math.max(1, options.batchEventsMax ?? 500),
    batchBytesMax: options.batchBytesMax ?? 1_048_576,
    batchAfterMs: options.batchAfterMs ?? 1_000,
    pendingBytesMax: options.pendingBytesMax ?? 33_554_432,
    gzipAboveBytes: options.gzipAboveBytes ?? 2_048,
    requestTimeoutMs: options.requestTimeoutMs ?? 30_000,
    retryWaitMaxMs: options.retryWaitMaxMs ?? 60_000,
    onError: options.onError ?? (() => undefined),
    onDrop: options.onDrop ?? (() => undefined),
    fetch: options.fetch ?? globalThis.fetch,
    clock: options.clock ?? Date.now,
  };
}
