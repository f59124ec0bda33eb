import { createHash } from 'node:crypto';
import { parseEvent, type AuditEvent } from '@bitacora/event';
import type { Judgement, Transport } from '../send/transport.ts';

/** A ledger in memory: it judges events as the server does and keeps what it takes. */
export interface MemoryTransport {
  readonly transport: Transport;
  /** In the order of arrival. */
  events(): readonly AuditEvent[];
  clear(): void;
}

export function createMemoryTransport(): MemoryTransport {
  let events: AuditEvent[] = [];
  const ids = new Map<string, Judgement>();
  const judge = (json: string): Judgement => {
    const parsed = parseEvent(JSON.parse(json));
    if (!parsed.ok) return { state: 'rejected', rejection: parsed.rejection };
    const known = ids.get(parsed.event.id);
    if (known !== undefined) return known;
    events.push(parsed.event);
    const leafHash = createHash('sha256').update(json).digest('base64');
    const judgement: Judgement = { state: 'sequenced', index: ids.size, leafHash };
    ids.set(parsed.event.id, judgement);
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
