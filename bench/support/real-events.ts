import { createUuidV7Source } from '@bitacora/event';
import { seeded, weighted, zipf } from '../segment-layout/seeded.ts';

/**
 * Events that are the same for each seed. An event has 20 fields and about 650 bytes of JSON, of which 200 are attributes; 30 %
 * of the events have changes. There are 5,000 actors with their own address and agent, 60 actions and 200,000 targets. A
 * description has eight words of a vocabulary.
 */
export function createEventSource(
  seed: number,
  { startMs = Date.now(), spacingMs = 0.05 }: { startMs?: number; spacingMs?: number } = {},
): () => Record<string, unknown> {
  const random = seeded(seed);
  let now = startMs;
  const createId = createUuidV7Source({ clock: () => now });
  const actorOf = weighted(zipf(5_000, 1), random);
  const actionOf = weighted(zipf(60, 1), random);
  const wordOf = weighted(zipf(30_000, 1), random);
  const { below } = random;
  let count = 0;
  let operation = { correlation: 0, session: 0, actor: 0 };
  return () => {
    if (count % 5 === 0)
      operation = { correlation: below(2 ** 40), session: below(100_000), actor: actorOf() };
    now = startMs + Math.floor(count * spacingMs);
    count++;
    const { actor } = operation;
    const action = actionOf();
    const event: Record<string, unknown> = {
      id: createId(),
      action: `${nouns[action % nouns.length]}.${verbs[action % verbs.length]}`,
      actor: { type: 'user', id: `u${actor}`, name: `Nombre Apellido ${actor}`, role: 'agent' },
      module: `module-${action % 12}`,
      targets: [{ type: 'booking', id: `b${below(200_000)}` }],
      subject: { type: 'customer', id: `c${below(20_000)}` },
      outcome:
        random.next() < 0.9
          ? 'success'
          : (['failure', 'warning', 'skipped', 'pending'][below(4)] ?? 'failure'),
      level: ['low', 'medium', 'high', 'critical'][Math.floor(random.next() ** 2 * 4)] ?? 'low',
      occurredAt: new Date(now).toISOString(),
      description: Array.from({ length: 8 }, () => `w${wordOf().toString(36)}`).join(' '),
      client: { ip: `10.${actor % 200}.${actor >> 8}.7`, userAgent: `Agent/${actor % 20} (X11; Linux)` },
      sessionId: `s${operation.session}`,
      correlationId: `corr-${operation.correlation.toString(36)}`,
      durationMs: below(500),
      attributes: {
        channel: 'web',
        priority: `${below(4)} - Level`,
        agency: `AG-${actor % 50}`,
        seats: below(9),
        note: 'attribute text',
        code: `X${below(1_000)}`,
      },
    };
    if (random.next() < 0.3) event['changes'] = [{ path: 'status', before: 'open', after: 'closed' }];
    return event;
  };
}

const nouns = ['booking', 'invoice', 'customer', 'payment', 'document', 'session', 'report', 'user'];
const verbs = ['create', 'update', 'cancel', 'view', 'approve', 'export', 'delete'];
