import type { Ledger } from '../access/index.ts';
import type { Condition } from '../query/index.ts';
import type { CursorPlace } from './cursor.ts';
import type { Order, Place } from './place.ts';
import type { ListedEntry } from './listed-entry.ts';

/** A question for a page. Any store that may hold the page understands it. */
export interface PageQuestion {
  readonly ledgers: readonly Ledger[];
  readonly condition: Condition;
  /** The direction from the cursor; `asc` needs a cursor. */
  readonly walk: Order;
  readonly after: CursorPlace | undefined;
  /** Entries wanted. */
  readonly limit: number;
}

export interface SourcedPage {
  /** The first `limit` entries that match, as PostgreSQL would find them; fewer when there are no more. */
  readonly places: readonly Place[];
  /** Undefined when one of the entries has been removed in the meantime. */
  read(places: readonly Place[]): Promise<ListedEntry[] | undefined>;
}

export interface PageSourceAnswer {
  /** How many entries each ledger had when the source answered. */
  readonly sizes: ReadonlyMap<number, number>;
  /** The page is right for exactly these sizes; undefined when the source does not hold the whole page. */
  readonly page?: SourcedPage;
}

/** A store beside PostgreSQL. It gives a page only when PostgreSQL would give the same page. */
export interface PageSource {
  /** The name of the store in the `source` of an answer. */
  readonly name: 'recent';
  ask(question: PageQuestion): Promise<PageSourceAnswer>;
}
