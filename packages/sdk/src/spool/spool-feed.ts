import type { SdkError } from '../sdk-error.ts';
import type { Feed } from '../send/feed.ts';
import type { PendingEvent } from '../send/pending-event.ts';
import { settleEach } from '../send/settle-each.ts';
import type { Judgement } from '../send/transport.ts';
import type { Framed } from './frame.ts';
import type { SegmentStore } from './segment-store.ts';
import { spoolFailure } from './spool-failure.ts';

export interface SpoolFeedEvents {
  readonly onSettled: (event: PendingEvent, judgement: Judgement) => void;
  readonly onError: (error: SdkError) => void;
  readonly onEmptied?: () => void;
}

/** Reads the events of a spool page by page, so that only the batch on its way is in memory. */
export function createSpoolFeed(instance: string, store: () => SegmentStore, events: SpoolFeedEvents): Feed {
  return {
    instance,
    async take(limits) {
      try {
        const source = store();
        const page = await source.page(limits);
        if (page === undefined) return undefined;
        const batch = page.frames.map(eventIn);
        return {
          events: batch,
          async settle(judgements) {
            await source.acknowledge(page, () => settleEach(batch, judgements, events.onSettled));
            if (source.length() === 0) events.onEmptied?.();
          },
          release: () => undefined,
        };
      } catch (cause) {
        events.onError(spoolFailure('read', cause));
        return 'unreadable';
      }
    },
    length: () => store().length(),
    oldestAt: () => (store().length() === 0 ? undefined : 0),
    isFull: () => store().length() > 0,
  };
}

/** The id stands first in the JSON of every event that is spooled. */
function eventIn({ sequence, json }: Framed): PendingEvent {
  return { id: json.slice('{"id":"'.length, '{"id":"'.length + 36), sequence, json };
}
