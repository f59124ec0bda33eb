import type pg from 'pg';
import { createOutboxForwarder, type OutboxEvent } from '@bitacora/sdk/outbox';

/** Takes all events out of the outbox, in the form in which a forwarder sends them. */
export async function outboxEvents(database: pg.Pool): Promise<OutboxEvent[]> {
  const events: OutboxEvent[] = [];
  const forwarder = createOutboxForwarder({
    query: (text, values) => database.query(text, [...values]),
    to: (batch) => {
      events.push(...batch);
      return Promise.resolve(batch.map(() => ({ state: 'sent' })));
    },
    batchRowsMax: 5_000,
    onError: (error) => {
      throw error;
    },
  });
  for (;;) {
    const { sent, unchanged } = await forwarder.forwardOnce();
    if (sent + unchanged === 0) return events;
  }
}

/** Each path with its before and after, or with the side that exists. */
export function fieldsOf(event: OutboxEvent | undefined): Record<string, any[]> {
  return Object.fromEntries(
    (event?.changes ?? []).map(({ path, ...sides }) => [
      path,
      ['before', 'after'].filter((side) => side in sides).map((side) => Reflect.get(sides, side)),
    ]),
  );
}

/** Texts such as `booking.update 7`, in order. */
export function shortOf(events: OutboxEvent[]): string[] {
  return events.map(({ action, targets }) => `${action} ${targets?.[0]?.id}`);
}
