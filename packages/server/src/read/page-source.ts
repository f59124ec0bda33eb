import type { Ledger } from '../access/index.ts';
import type { Condition } from '../query/index.ts';
import type { CursorPlace } from './cursor.ts';
import type { Order, Place } from './place.ts';
import type { ListedEntry } from './listed-entry.ts';

/** A page that is wanted, in the words of any store that may hold it. */
export interface PageQuestion {
  readonly ledgers: readonly Ledger[];
  readonly condition: Condition;
  /** Which way from the cursor; `asc` needs one. */
  readonly walk: Order;
  readonly after: CursorPlace | undefined;
  /** Entries wanted. */
  readonly limit: number;
}

export interface SourcedPage {
  /** The first `limit` entries that match, as PostgreSQL would find them; fewer when there are no more. */
  readonly places: readonly Place[];
  /** Undefined when one of the entries is gone meanwhile. */
  read(places: readonly Place[]): Promise<ListedEntry[] | undefined>;
}

export interface PageSourceAnswer {
  /** Entries of each ledger, read before the source was asked. */
  readonly sizes: ReadonlyMap<number, number>;
  /** Right at exactly these sizes; undefined when the source does not hold all of the page. */
  readonly page?: SourcedPage;
}

/** A store beside PostgreSQL that gives a page only when it is the one PostgreSQL would give. */
export interface PageSource {
  /** What the answer calls it. */
  readonly name: 'recent';
  ask(question: PageQuestion): Promise<PageSourceAnswer>;
}
