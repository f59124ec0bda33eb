import type { Mode } from '../audit.ts';
import type { DroppedEvent } from '../delivery.ts';
import type { RedactOptions } from '../redact/redact-options.ts';
import type { SdkError } from '../sdk-error.ts';
import type { Transport } from '../send/transport.ts';

export interface AuditOptions {
  /** The server's base, such as `http://localhost:4000`. Absent: the environment's BITACORA_URL. */
  readonly url?: string;
  /** An API key with the scope ingest. Absent: the environment's BITACORA_API_KEY. */
  readonly key?: string;
  /** The key of each tenant that a context names; one connection per tenant, asked before each request; undefined: it has none yet. Absent: `key` for all. */
  readonly keyOf?: (tenant: string) => string | undefined;
  /** Absent: the tenant's default ledger. */
  readonly ledger?: string;
  /** Of the host application (`application`): named by the server where it lists who sends events, and as the actor of events without one. */
  readonly name?: string;
  /** Absent: `best_effort`. */
  readonly mode?: Mode;
  /** Modes of single actions (`invoice.approve`) or of all of a noun (`invoice.*`). */
  readonly modeOf?: Readonly<Record<string, Mode>>;
  /** Needed by mode `durable`; takes what is left in memory at the close, and what memory has no room for. */
  readonly spool?: SpoolOptions;
  /** What is redacted besides what is always. */
  readonly redact?: RedactOptions;
  /** Instead of HTTP to `url`. */
  readonly transport?: Transport;
  /** Captures nothing, at no cost. */
  readonly disabled?: boolean;
  /** Prints each event, redacted, to standard error when it is sent. Without a `url` nothing is sent. */
  readonly debug?: boolean;
  /** Closes at SIGTERM, SIGINT, an uncaught exception, and when nothing is left to do, within so many milliseconds; true is 5 s. */
  readonly closeOnExit?: boolean | number;
  /** A batch leaves when it holds this many events (500), this many UTF-8 bytes (1 MiB), or when its oldest event is this old (1 s). */
  readonly batchEventsMax?: number;
  readonly batchBytesMax?: number;
  readonly batchAfterMs?: number;
  /** Events waiting in memory, in bytes (32 MiB); what comes above it goes to the spool, else it is dropped, counted and told. */
  readonly pendingBytesMax?: number;
  /** Connections of `keyOf` (1,000); events of further tenants are dropped, counted and told. */
  readonly tenantsMax?: number;
  /** Smaller bodies are sent as they are (2 KiB). */
  readonly gzipAboveBytes?: number;
  /** No request takes longer (30 s). */
  readonly requestTimeoutMs?: number;
  /** `strict` gives up after this (10 s). */
  readonly strictTimeoutMs?: number;
  /** After a failure the next attempt waits at least this (1 s) … */
  readonly retryWaitMinMs?: number;
  /** … and a random part more, drawn from 0 to this, doubling from 500 ms (60 s). */
  readonly retryWaitMaxMs?: number;
  /** How often the server is told what was captured and dropped, while there is news (30 s). */
  readonly reportEveryMs?: number;
  /** Absent: the first error of each kind is a warning of the process. */
  readonly onError?: (error: SdkError) => void;
  readonly onDrop?: (event: DroppedEvent) => void;
  /** Unix milliseconds. */
  readonly clock?: () => number;
}

export interface SpoolOptions {
  /** Made when absent, readable by its owner only. Processes and workers may share one. */
  readonly directory: string;
  /** Encrypts it (AES-256-GCM): 32 bytes, as they are or as base64 or hex text. The next instance needs the same. */
  readonly key?: Uint8Array | string;
  /** On disk, per `createAudit` (256 MiB). */
  readonly bytesMax?: number;
  /** A file of the spool is followed by the next one at this size (8 MiB). */
  readonly segmentBytesMax?: number;
  /** What `durable` does when the disk takes no more: reject (the default), or keep the event in memory only. */
  readonly whenFull?: 'reject' | 'best_effort';
}
