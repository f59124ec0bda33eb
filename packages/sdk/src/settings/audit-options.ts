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
  /**
   * Returns the key of a tenant that a context names; undefined where the tenant has none yet. Called before each request of
   * the tenant's own connection. Absent: `key` for all.
   */
  readonly keyOf?: (tenant: string) => string | undefined;
  /** Absent: the tenant's default ledger. */
  readonly ledger?: string;
  /** The name of the host application (`application`): the server lists senders by it, and it is the actor of events without one. */
  readonly name?: string;
  /** Absent: `best_effort`. */
  readonly mode?: Mode;
  /** Modes of single actions (`invoice.approve`) or of all actions of a noun (`invoice.*`). */
  readonly modeOf?: Readonly<Record<string, Mode>>;
  /**
   * Needed by mode `durable`. The spool also takes events that are left in memory at the close, and events for which memory has
   * no room.
   */
  readonly spool?: SpoolOptions;
  /** Redaction in addition to the built-in one. */
  readonly redact?: RedactOptions;
  /** Sends the events, instead of HTTP to `url`. */
  readonly transport?: Transport;
  /** True: nothing is captured, at no cost. */
  readonly disabled?: boolean;
  /** True: each event is printed, redacted, to standard error before it is sent. Without a `url` nothing is sent. */
  readonly debug?: boolean;
  /** Closes at SIGTERM, SIGINT or SIGHUP, at an uncaught exception, and when nothing is left to do, within this time in ms; true means 5 s. */
  readonly closeOnExit?: boolean | number;
  /** A batch is sent when it holds this many events (500). */
  readonly batchEventsMax?: number;
  /** A batch is sent when it holds this many UTF-8 bytes (1 MiB). */
  readonly batchBytesMax?: number;
  /** A batch is sent when its oldest event is this old (1 s). */
  readonly batchAfterMs?: number;
  /** Bytes of the events that wait in memory (32 MiB). Further events go to the spool; without one they are dropped, counted and reported. */
  readonly pendingBytesMax?: number;
  /** Connections of `keyOf` (1,000). Events of further tenants are dropped, counted and reported. */
  readonly tenantsMax?: number;
  /** Larger bodies are compressed (2 KiB). */
  readonly gzipAboveBytes?: number;
  /** No request takes longer (30 s). */
  readonly requestTimeoutMs?: number;
  /** Mode `strict` gives up after this (10 s). */
  readonly strictTimeoutMs?: number;
  /** After a failure the next attempt waits at least this (1 s). */
  readonly retryWaitMinMs?: number;
  /** A random time is added to that wait: up to 500 ms, doubling with each failure, at most this (60 s). */
  readonly retryWaitMaxMs?: number;
  /** How often the numbers of captured and dropped events are reported to the server (30 s). */
  readonly reportEveryMs?: number;
  /** Gets each error. Absent: the first error of each kind becomes a warning of the process. */
  readonly onError?: (error: SdkError) => void;
  /** Gets each event that was given up. */
  readonly onDrop?: (event: DroppedEvent) => void;
  /** Returns Unix milliseconds. Absent: `Date.now`. */
  readonly clock?: () => number;
}

export interface SpoolOptions {
  /** Made when absent, readable by its owner only. Processes and workers may share one. */
  readonly directory: string;
  /** Encrypts the spool (AES-256-GCM): 32 bytes, as they are or as base64 or hex text. The next instance needs the same key. */
  readonly key?: Uint8Array | string;
  /** The most that one `createAudit` keeps on disk (256 MiB). */
  readonly bytesMax?: number;
  /** At this size of a file of the spool, the next file is begun (8 MiB). */
  readonly segmentBytesMax?: number;
  /** What mode `durable` does when the disk takes no more: it rejects (the default), or keeps the event in memory only. */
  readonly whenFull?: 'reject' | 'best_effort';
}
