import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { readJudgements } from './read-judgements.ts';
import { parseRetryAfter } from './retry-gate.ts';
import { createHttpClient, type HttpAnswer } from './http-client.ts';
import type { Posted, Transport } from './transport.ts';

export interface HttpTransportOptions {
  /** The server's base, without a slash at the end. */
  readonly url: string;
  /** Called for each request. */
  readonly key: () => string;
  readonly ledger: string | undefined;
  readonly gzipAboveBytes: number;
  readonly requestTimeoutMs: number;
  readonly clock: () => number;
}

export interface HttpTransport {
  readonly post: Transport;
  /** Sends the report of an instance. Resolves with whether the server took it; never rejects. */
  report(instance: string, report: object, signal: AbortSignal): Promise<'taken' | 'later' | 'unknown'>;
  close(): void;
}

const compress = promisify(gzip);
/** Makes a tenth more bytes than the usual level, in half the time. */
const gzipLevel = 1;
const retriedStatuses: ReadonlySet<number> = new Set([408, 425, 429]);
const reasonLengthMaxChars = 500;

/** Sends batches as JSON arrays to `POST /v1/events`, gzipped above a threshold, and reports to `PUT /v1/sources`. */
export function createHttpTransport(options: HttpTransportOptions): HttpTransport {
  const { clock } = options;
  const client = createHttpClient(options.requestTimeoutMs);
  const query = options.ledger === undefined ? '' : `?ledger=${encodeURIComponent(options.ledger)}`;
  const endpoint = `${options.url}/v1/events${query}`;
  const headers = (): Record<string, string> => ({
    authorization: `Bearer ${options.key()}`,
    'content-type': 'application/json',
  });
  return {
    async post({ instance, sequences, events }, signal) {
      try {
        const plain = Buffer.from(`[${events.join(',')}]`);
        const zipped = plain.length > options.gzipAboveBytes;
        const answer = await client.request(endpoint, {
          method: 'POST',
          headers: {
            ...headers(),
            ...(zipped ? { 'content-encoding': 'gzip' } : {}),
            'bitacora-sequences': `${instance} ${sequences}`,
            'sent-at': new Date(clock()).toISOString(),
          },
          body: zipped ? await compress(plain, { level: gzipLevel }) : plain,
          signal,
        });
        return verdictOf(answer, { count: events.length, nowMs: clock() });
      } catch (cause) {
        return { kind: 'later', reason: `no answer: ${reasonOf(cause)}`, cause };
      }
    },
    async report(instance, report, signal) {
      try {
        const body = Buffer.from(JSON.stringify(report));
        const { status } = await client.request(`${options.url}/v1/sources/${instance}`, {
          method: 'PUT',
          headers: headers(),
          body,
          signal,
        });
        if (status < 300) return 'taken';
        return status >= 500 || retriedStatuses.has(status) ? 'later' : 'unknown';
      } catch {
        return 'later';
      }
    },
    close: client.close,
  };
}

function verdictOf(
  { status, retryAfter, body }: HttpAnswer,
  { count, nowMs }: { readonly count: number; readonly nowMs: number },
): Posted {
  const text = body.toString();
  const ok = status >= 200 && status < 300;
  const judgements = ok || status === 422 || status === 409 ? readJudgements(text, count) : undefined;
  if (judgements !== undefined) return { kind: 'judged', judgements };
  const reason = `the server answered ${status}`;
  // An answer below 400 without judgements does not say whether the events are stored. Sending them again is safe, because
  // their ids are idempotency keys.
  if (status < 400 || status >= 500 || retriedStatuses.has(status))
    return { kind: 'later', reason, retryAfterMs: parseRetryAfter(retryAfter, nowMs) };
  if (status === 413) return { kind: 'tooLarge' };
  return { kind: 'refused', reason: `${reason}: ${text.slice(0, reasonLengthMaxChars)}` };
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.message || ('code' in cause ? String(cause.code) : cause.name);
}
