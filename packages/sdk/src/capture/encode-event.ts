import { parseEvent, type AuditEvent, type Rejection } from '@bitacora/event';
import type { Draft } from '../send/queued-event.ts';

/** A checked event and its JSON, in which the id stands first. */
export type Encoded =
  | { readonly ok: true; readonly event: AuditEvent; readonly json: string }
  | { readonly ok: false; readonly rejection: Rejection };
export type EventEncoder = (draft: Draft) => Encoded;

/** Checks a snapshot and makes it JSON. With `debug` it is printed, as it would be sent: redacted, one line, to standard error. */
export function createEventEncoder({ debug }: { readonly debug: boolean }): EventEncoder {
  // Events of a busy host share their millisecond.
  let [shownMs, shown] = [-1, ''];
  const timeOf = (ms: number): string => {
    if (ms !== shownMs) [shownMs, shown] = [ms, new Date(ms).toISOString()];
    return shown;
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
