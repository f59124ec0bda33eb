/** An entry as a client sent it. Moments are numbers that the test counts, one for each sending, answer and question. */
interface Sent {
  id: string;
  /** Unix time in ms; no two entries have the same. */
  at: number;
  fields: Readonly<Record<string, string>>;
  sentAt: number;
  /** The moment of the answer; Infinity while there is none. */
  answeredAt: number;
}

export interface AskedEntries {
  filters: Readonly<Record<string, string>>;
  /** The moments of the question and of its answer. */
  asked: number;
  answered: number;
  limit: number;
  /** Unix time of the entry after which the page begins. */
  after?: number | undefined;
  /** Unix time from which entries are wanted. */
  from?: number | undefined;
}

/**
 * The entries that several clients write at the same time. An entry that was acknowledged before a question must be in its
 * answer. An entry that was sent after the answer must not be in it. Any other entry may be in it.
 */
export function writtenEntries(): {
  /** The next moment. */
  moment(): number;
  /** A time shortly before `at` that no other entry has. */
  freeTime(at: number): number;
  sent(entry: Pick<Sent, 'id' | 'at' | 'fields'>): { answered(): void };
  /** The ids that the answer must have, given the ones that it has. */
  expected(question: AskedEntries, found: readonly string[]): string[];
  /** The least and the greatest count, over all pages, that the answer may have. */
  counts(question: AskedEntries): { least: number; most: number };
} {
  /** Newest first. */
  const all: Sent[] = [];
  const times = new Set<number>();
  let now = 0;
  const fitting = ({ filters, answered, after = Infinity, from = -Infinity }: AskedEntries): Sent[] =>
    all.filter(
      ({ at, sentAt, fields }) =>
        sentAt < answered &&
        at < after &&
        at >= from &&
        Object.entries(filters).every(([name, value]) => fields[name] === value),
    );
  return {
    moment: () => ++now,
    freeTime(at) {
      while (times.has(at)) at--;
      times.add(at);
      return at;
    },
    sent(entry) {
      const entrySent: Sent = { ...entry, sentAt: ++now, answeredAt: Infinity };
      const older = all.findIndex(({ at }) => at < entrySent.at);
      all.splice(older < 0 ? all.length : older, 0, entrySent);
      return { answered: () => void (entrySent.answeredAt = ++now) };
    },
    expected(question, found) {
      const shown = new Set(found);
      return fitting(question)
        .filter(({ id, answeredAt }) => answeredAt < question.asked || shown.has(id))
        .slice(0, question.limit)
        .map(({ id }) => id);
    },
    counts(question) {
      const possible = fitting({ ...question, after: undefined });
      const least = possible.filter(({ answeredAt }) => answeredAt < question.asked).length;
      return { least, most: possible.length };
    },
  };
}
