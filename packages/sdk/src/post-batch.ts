import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Settings } from './audit-options.ts';
import type { QueuedEvent } from './event-queue.ts';
import { parseRetryAfter } from './retry-wait.ts';

/** What became of one batch. */
export type Posted =
  /** The server judged each event; undefined where it took it, in the order sent. */
  | { readonly kind: 'judged'; readonly refusals: readonly (Refusal | undefined)[] }
  | {
      readonly kind: 'later';
      readonly reason: string;
      readonly retryAfterMs?: number | undefined;
      readonly cause?: unknown;
    }
  | { readonly kind: 'tooLarge' }
  /** No event of it will ever be taken. */
  | { readonly kind: 'refused'; readonly reason: string };

export interface Refusal {
  readonly field: string;
  readonly message: string;
}

const compress = promisify(gzip);

/** Sends one batch as a JSON array and reads the verdict. Never rejects. */
export async function postBatch(
  batch: readonly QueuedEvent[],
  settings: Settings,
  signal: AbortSignal,
): Promise<Posted> {
  try {
    const plain = Buffer.from(`[${batch.map(({ json }) => json).join(',')}]`);
    const zipped = plain.length > settings.gzipAboveBytes;
    const response = await settings.fetch(settings.endpoint, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${settings.key}`,
        'content-type': 'application/json',
        ...(zipped ? { 'content-encoding': 'gzip' } : {}),
      },
      body: zipped ? await compress(plain) : plain,
      signal: AbortSignal.any([signal, AbortSignal.timeout(settings.requestTimeoutMs)]),
    });
    const text = await response.text();
    return verdictOf(response, text, { count: batch.length, nowMs: settings.clock() });
  } catch (cause) {
    return { kind: 'later', reason: `no answer: ${reasonOf(cause)}`, cause };
  }
}

function verdictOf(
  response: Response,
  text: string,
  { count, nowMs }: { readonly count: number; readonly nowMs: number },
): Posted {
  const { status } = response;
  const judged = response.ok || status === 422 || status === 409 ? refusalsIn(text, count) : undefined;
  if (judged !== undefined) return { kind: 'judged', refusals: judged };
  const reason = `the server answered ${status}`;
  // 2xx without the promised answer tells nothing: sending again is safe, because ids are idempotency keys.
  if (response.ok || status >= 500 || [408, 425, 429].includes(status)) {
    return {
      kind: 'later',
      reason,
      retryAfterMs: parseRetryAfter(response.headers.get('retry-after'), nowMs),
    };
  }
  if (status === 413) return { kind: 'tooLarge' };
  return { kind: 'refused', reason: `${reason}: ${text.slice(0, 500)}` };
}

function refusalsIn(text: string, count: number): (Refusal | undefined)[] | undefined {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof body !== 'object' || body === null || !('results' in body)) return undefined;
  const { results } = body;
  if (!Array.isArray(results) || results.length !== count) return undefined;
  return results.map(refusalIn);
}

function refusalIn(result: unknown): Refusal | undefined {
  if (typeof result !== 'object' || result === null || !('error' in result)) return undefined;
  const { error } = result;
  if (typeof error !== 'object' || error === null) return { field: '', message: String(error) };
  const field = 'field' in error ? String(error.field) : '';
  return { field, message: 'message' in error ? String(error.message) : 'rejected' };
}

function reasonOf(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  return cause.cause instanceof Error ? `${cause.message} (${cause.cause.message})` : cause.message;
}
