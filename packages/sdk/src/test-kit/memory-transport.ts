import { createHash } from 'node:crypto';
import { parseEvent, type AuditEvent } from '@bitacora/event';
import type { Judgement, Transport } from '../send/transport.ts';

/** A ledger in memory. It checks events as the server does, and keeps those that it accepts. */
export interface MemoryTransport {
  readonly transport: Transport;
  /** In the order of arrival. */
  events(): readonly AuditEvent[];
  clear(): void;
}

export function createMemoryTransport(): MemoryTransport {
  let events: AuditEvent[] = [];
  const judgements = new Map<string, Judgement>();
  const judge = (json: string): Judgement => {
    const parsed = parseEvent(JSON.parse(json));
    if (!parsed.ok) return { state: 'rejected', rejection: parsed.rejection };
    const earlier = judgements.get(parsed.event.id);
    if (earlier !== undefined) return earlier;
    events.push(parsed.event);
    const leafHash = createHash('sha256').update(json).digest('base64');
    const judgement: Judgement = { state: 'sequenced', index: judgements.size, leafHash };
    judgements.set(parsed.event.id, judgement);
    return judgement;
  };
  return Object.freeze({
    transport: (batch) => Promise.resolve({ kind: 'judged', judgements: batch.events.map(judge) }),
    events: () => events,
    clear() {
      events = [];
    },
  } satisfies MemoryTransport);
}
