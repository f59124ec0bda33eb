import type { EventInput } from '@bitacora/event';
import type { AppendAnswer } from './append-answer.ts';
import { ClientError } from './client-error.ts';
import type { Transport } from './transport.ts';

export interface AppendOptions {
  /** Absent: the tenant's default ledger. */
  readonly ledger?: string;
  /** True for events of the past, whose ids are as old as the events: none is refused as expired. */
  readonly imported?: boolean;
  readonly signal?: AbortSignal;
}

/** Sends events in one request; see `EventsApi.append`. */
export async function appendEvents(
  transport: Transport,
  events: EventInput | readonly EventInput[],
  options: AppendOptions = {},
): Promise<AppendAnswer> {
  const { ledger, imported, signal } = options;
  try {
    return await transport.json<AppendAnswer>('POST', '/v1/events', {
      query: { ledger, ...(imported === true ? { imported: 'true' } : {}) },
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(events),
      signal,
    });
  } catch (error) {
    const refused = error instanceof ClientError && (error.status === 422 || error.status === 409);
    if (refused && isAppendAnswer(error.body)) return error.body;
    throw error;
  }
}

function isAppendAnswer(body: unknown): body is AppendAnswer {
  return typeof body === 'object' && body !== null && 'results' in body && Array.isArray(body.results);
}
