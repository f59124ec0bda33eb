import type { Feed } from './feed.ts';

/** The feeds of one sender, and whose turn it is. */
export interface FeedTurns {
  /** Feeds take turns; one with `first` goes before the others. */
  add(feed: Feed, options?: { readonly first: boolean }): void;
  remove(feed: Feed): void;
  /** When the next batch is due, by `performance.now()`; Infinity when all feeds are empty. */
  dueAt(): number;
  /** The due feed whose turn it is; undefined when none is due. */
  next(): Feed | undefined;
  areEmpty(): boolean;
}

/** `dueAtOf`: when a batch of this feed is due, by `performance.now()`; undefined when the feed is empty. */
export function createFeedTurns(dueAtOf: (feed: Feed, isFirst: boolean) => number | undefined): FeedTurns {
  // The feed that was served last stands at the end.
  let feeds: Feed[] = [];
  let first: Feed | undefined;
  const dueAt = (feed: Feed): number => dueAtOf(feed, feed === first) ?? Infinity;

  return {
    add(feed, options) {
      feeds.push(feed);
      if (options?.first) first = feed;
    },
    remove(feed) {
      feeds = feeds.filter((other) => other !== feed);
    },
    dueAt: () => Math.min(...feeds.map(dueAt)),
    next() {
      const now = performance.now();
      const due = feeds.filter((feed) => dueAt(feed) <= now);
      // The first feed is not served twice in a row while others are due.
      const servedLast = feeds.at(-1);
      const preferred = servedLast === first ? undefined : due.find((feed) => feed === first);
      const chosen = preferred ?? due[0];
      if (chosen !== undefined) feeds = [...feeds.filter((feed) => feed !== chosen), chosen];
      return chosen;
    },
    areEmpty: () => feeds.every((feed) => feed.length() === 0),
  };
}
