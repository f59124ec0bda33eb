import { seeded, weighted, zipf } from './seeded.ts';

/** Words of one description. */
export const wordsPerEvent = 8;
/** Words with this id or a greater one occur once. */
export const vocabularySize = 30_000;

/** The events column by column; position = ledger index, `at` in milliseconds since 1970. */
export interface Events {
  readonly count: number;
  readonly at: Float64Array;
  readonly ingestedAt: Float64Array;
  readonly actor: Int32Array;
  readonly action: Int32Array;
  readonly outcome: Int32Array;
  readonly level: Int32Array;
  readonly module: Int32Array;
  readonly operation: Int32Array;
  readonly target: Int32Array;
  readonly subject: Int32Array;
  readonly correlation: Int32Array;
  readonly session: Int32Array;
  readonly words: Int32Array;
}

/** A searchable column of the bench. */
export type Field =
  | 'actor'
  | 'action'
  | 'outcome'
  | 'level'
  | 'module'
  | 'operation'
  | 'target'
  | 'subject'
  | 'correlation'
  | 'session';

/** One condition `field = value`. */
export interface Filter {
  readonly field: Field;
  readonly value: number;
}

const eventsPerDay = 100_000;
const firstDay = Date.UTC(2026, 0, 1);

interface Operation {
  correlation: number;
  actor: number;
  session: number;
}

/**
 * Returns `count` seeded events of the shape named in the performance goals: 5,000 actors (Zipf), 60 actions, 5 outcomes,
 * 4 levels, 12 modules, 200,000 targets, a correlation id per five events, a session per forty, arrival nearly in order.
 */
export function makeEvents(count: number): Events {
  const random = seeded(20_260_101);
  const draw = {
    actor: weighted(zipf(5_000, 1), random),
    action: weighted(zipf(60, 0.9), random),
    outcome: weighted([0.86, 0.08, 0.03, 0.02, 0.01], random),
    level: weighted([0.7, 0.2, 0.08, 0.02], random),
    target: weighted(zipf(200_000, 0.7), random),
    word: weighted(zipf(vocabularySize, 1), random),
  };
  const column = (): Int32Array => new Int32Array(count);
  const events = {
    count,
    at: new Float64Array(count),
    ingestedAt: new Float64Array(count),
    actor: column(),
    action: column(),
    outcome: column(),
    level: column(),
    module: column(),
    operation: column(),
    target: column(),
    subject: column(),
    correlation: column(),
    session: column(),
    words: new Int32Array(count * wordsPerEvent),
  };
  const sessionOf = new Int32Array(5_000);
  let sessions = 0;
  let correlations = 0;
  const begin = (): Operation => {
    const actor = draw.actor();
    if (sessionOf[actor] === 0 || random.next() < 1 / 8) sessionOf[actor] = ++sessions;
    return { correlation: ++correlations, actor, session: sessionOf[actor] ?? 0 };
  };
  const running = Array.from({ length: 64 }, begin);
  for (let i = 0; i < count; i++) {
    const slot = random.below(64);
    if (random.next() < 0.2) running[slot] = begin();
    const operation = running[slot] ?? begin();
    const action = draw.action();
    const target = draw.target();
    const late = random.next() < 0.01 ? random.below(3_600_000) : random.below(2_000);
    const ingestedAt = firstDay + Math.floor((i * 86_400_000) / eventsPerDay);
    events.ingestedAt[i] = ingestedAt;
    events.at[i] = ingestedAt - late;
    events.actor[i] = operation.actor;
    events.action[i] = action;
    events.outcome[i] = draw.outcome();
    events.level[i] = draw.level();
    events.module[i] = action % 12;
    events.operation[i] = action % 5;
    events.target[i] = target;
    events.subject[i] = target % 20_011;
    events.correlation[i] = operation.correlation;
    events.session[i] = operation.session;
    for (let w = 0; w < wordsPerEvent; w++) events.words[i * wordsPerEvent + w] = draw.word();
    if (random.next() < 0.01) events.words[i * wordsPerEvent] = vocabularySize + i;
  }
  return events;
}

/** Returns whether event `index` meets every filter. */
export function meets(events: Events, index: number, filters: readonly Filter[]): boolean {
  for (const { field, value } of filters) if (events[field][index] !== value) return false;
  return true;
}
