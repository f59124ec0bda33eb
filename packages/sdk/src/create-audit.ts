import { createUuidV7Source, parseEvent, utf8Length, type EventInput } from '@bitacora/event';
import type { Audit } from './audit.ts';
import { settingsOf, type AuditOptions } from './audit-options.ts';
import type { Delivery, Health } from './delivery.ts';
import { createEventQueue } from './event-queue.ts';
import { SdkError } from './sdk-error.ts';
import { createSender } from './sender.ts';

const timeoutDefaultMs = 5_000;

/** Connects an application to its audit trail. TypeError for options that cannot work; nothing throws afterwards. */
export function createAudit(options: AuditOptions): Audit {
  const settings = settingsOf(options);
  const { clock } = settings;
  const createId = createUuidV7Source({ clock });
  const queue = createEventQueue(settings.pendingBytesMax);
  const counts = { submitted: 0, delivered: 0, rejected: 0, dropped: 0 };
  let state: Health['state'] = 'open';
  let closed: Promise<Delivery> | undefined;

  const reject = (errors: readonly SdkError[]): void => {
    counts.rejected += errors.length;
    for (const error of errors) tell(settings.onError, error);
  };
  const drop = (id: string, reason: 'memory_full' | 'closed'): void => {
    counts.dropped += 1;
    tell(settings.onDrop, { id, reason });
  };
  const sender = createSender(queue, settings, {
    onDelivered: (count) => (counts.delivered += count),
    onRejected: reject,
    onUnreachable: (error) => tell(settings.onError, error),
  });
  const delivery = (): Delivery => {
    const { delivered, rejected, dropped } = counts;
    return { delivered, rejected, pending: queue.length(), dropped };
  };

  function capture(input: EventInput): void {
    counts.submitted += 1;
    const parsed = parseEvent(input, { createId });
    if (!parsed.ok) {
      const { field, message } = parsed.rejection;
      reject([new SdkError('rejected', message, { field })]);
      return;
    }
    const queuedAt = clock();
    const { id } = parsed.event;
    if (state !== 'open') return drop(id, 'closed');
    const occurredAt = parsed.event.occurredAt ?? new Date(queuedAt).toISOString();
    const json = JSON.stringify({ ...parsed.event, occurredAt });
    if (queue.push({ id, json, bytes: utf8Length(json), queuedAt })) sender.queued();
    else drop(id, 'memory_full');
  }

  async function flush(timeoutMs = timeoutDefaultMs): Promise<Delivery> {
    sender.hurry();
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, timeoutMs);
      void sender.emptied().then(() => {
        clearTimeout(timer);
        resolve();
      });
    });
    return delivery();
  }

  async function closeOnce(timeoutMs: number | undefined): Promise<Delivery> {
    state = 'closing';
    const report = await flush(timeoutMs);
    sender.stop();
    state = 'closed';
    return report;
  }

  return Object.freeze({
    capture,
    flush,
    close: (timeoutMs?: number) => (closed ??= closeOnce(timeoutMs)),
    health: () => ({
      ...delivery(),
      state,
      submitted: counts.submitted,
      pendingBytes: queue.bytes(),
      lastAnswerAt: sender.lastAnswerAt(),
      lastError: sender.lastError(),
    }),
  });
}

/** The host's callbacks must not be able to break the sending. */
function tell<Value>(callback: (value: Value) => void, value: Value): void {
  try {
    callback(value);
  } catch {
    // What the host's own callback throws has nowhere to go.
  }
}
