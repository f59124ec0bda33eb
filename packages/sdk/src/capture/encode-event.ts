import { parseEvent, type AuditEvent, type Rejection } from '@bitacora/event';
import type { Draft } from '../send/queued-event.ts';

/** A valid event and its JSON, in which the id comes first; or why the event is not valid. */
export type Encoded =
  | { readonly ok: true; readonly event: AuditEvent; readonly json: string }
  | { readonly ok: false; readonly rejection: Rejection };
export type EventEncoder = (draft: Draft) => Encoded;

/** Makes the function that checks a snapshot and makes it JSON. With `debug` it prints the JSON to standard error, as it will be sent. */
export function createEventEncoder({ debug }: { readonly debug: boolean }): EventEncoder {
  // Many events of a busy host fall into one millisecond, whose text is made once.
  let lastMs = -1;
  let lastTime = '';
  const timeOf = (ms: number): string => {
    if (ms === lastMs) return lastTime;
    lastMs = ms;
    lastTime = new Date(ms).toISOString();
    return lastTime;
  };
  return ({ event: draft, occurredAtMs }) => {
    const parsed = parseEvent(draft);
    if (!parsed.ok) {
      if (debug) print(`rejected (${parsed.rejection.field}: ${parsed.rejection.message})`);
      return parsed;
    }
    const occurredAt = parsed.event.occurredAt ?? timeOf(occurredAtMs);
    const event = { ...withIdFirst(parsed.event), occurredAt };
    const json = JSON.stringify(event);
    if (debug) print(json);
    return { ok: true, event, json };
  };
}

function withIdFirst(event: AuditEvent): AuditEvent {
  for (const first in event)
    if (first === 'id') return event;
    else break;
  const { id, ...fields } = event;
  return { id, ...fields };
}

function print(text: string): void {
  process.stderr.write(`bitacora: ${text}\n`);
}
