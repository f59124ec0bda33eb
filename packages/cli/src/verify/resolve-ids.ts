import type { IdRun } from './watch-entries.ts';

/** Asks a server for the indexes of at most 1,000 ids; an id that it does not find is absent. */
export type ResolveIds = (ids: readonly string[]) => Promise<ReadonlyMap<string, number>>;

/** An entry that the server does not answer with when it is asked for the entry's id. */
export interface MisplacedId {
  readonly index: number;
  readonly id: string;
  /** The index that it answers with; undefined when it finds none. */
  readonly answered: number | undefined;
}

const idsPerQuestion = 1_000;

/** Asks a server for each id as the entries are read. Without a server it asks nothing. */
export function createIdResolver(resolveIds: ResolveIds | undefined): {
  readonly add: ((run: IdRun) => Promise<void>) | undefined;
  /** The first id that is not resolved to its entry, when all have been asked. */
  finish(): Promise<MisplacedId | undefined>;
} {
  if (resolveIds === undefined) return { add: undefined, finish: () => Promise.resolve(undefined) };
  let waiting: { readonly index: number; readonly id: string }[] = [];
  let first: MisplacedId | undefined;
  const ask = async (): Promise<void> => {
    const asked = waiting;
    waiting = [];
    const indexes = await resolveIds(asked.map(({ id }) => id));
    for (const { index, id } of asked) {
      const answered = indexes.get(id);
      if (answered !== index && (first === undefined || index < first.index)) first = { index, id, answered };
    }
  };
  return {
    async add({ index, ids }) {
      for (const [offset, id] of ids.entries()) waiting.push({ index: index + offset, id });
      if (waiting.length >= idsPerQuestion - 256) await ask();
    },
    async finish() {
      if (waiting.length > 0) await ask();
      return first;
    },
  };
}
