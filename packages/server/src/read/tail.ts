import { setTimeout as sleep } from 'node:timers/promises';
import { ledgersFor, rowAccessOf, type Grant, type Ledger } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import { eventViews, readEntryRange, timeOf, type EntryView } from '../ledger/index.ts';
import { eachInTurn } from '../loop-turns.ts';
import { termsOf } from '../query/index.ts';
import { matches, type Condition } from '../query/index.ts';
import type { EntryFilters } from '../query/index.ts';
import { grantedCondition } from './granted-condition.ts';
import { peekSizes, type ReadContext } from './reader.ts';

export interface TailInput extends EntryFilters {
  ledger?: string | undefined;
  /** The id of the last item that the caller got (`Last-Event-ID`): the tail goes on after it without a gap. */
  after?: string | undefined;
  signal: AbortSignal;
  /** The caller's grant at present: it includes ledgers that were made after the tail began. */
  grantNow: () => Grant;
  /** Reads in the turn of the caller's tenant: many tails that resume must not take every connection. */
  inTurn<T>(read: () => Promise<T>): Promise<T>;
}

export interface TailItem {
  /** Opaque; resumes after this entry. */
  id: string;
  /** Absent when no entry matched, but the id moved on. */
  entry?: EntryView;
}

const pollEveryMs = 200;
const readEntriesMax = 500;

/**
 * Entries that match as they are acknowledged, in the order of each ledger. Without `after` it begins at the present
 * end. @throws invalid_parameter, invalid_query, not_found
 */
export async function* tail(grant: Grant, input: TailInput, context: ReadContext): AsyncGenerator<TailItem> {
  let ledgers = ledgersFor(grant, input.ledger);
  const condition = grantedCondition(grant, input, context);
  const whole = grant.reach.kind === 'all';
  const sizes = (): Promise<ReadonlyMap<number, number>> =>
    peekSizes(
      context.database,
      ledgers.map(({ id }) => id),
    );
  const positions =
    input.after === undefined ? new Map(await sizes()) : decodePositions(input.after, ledgers);
  yield { id: encodePositions(positions) };
  while (!input.signal.aborted) {
    ledgers = ledgersFor(input.grantNow(), input.ledger);
    const heads = await sizes();
    let behind = false;
    for (const ledger of ledgers) {
      // A ledger that was made after the tail began is followed from its first entry.
      const first = positions.get(ledger.id) ?? 0;
      const end = Math.min(heads.get(ledger.id) ?? 0, first + readEntriesMax);
      if (end > first) {
        const range = { ledger, first, end };
        const entries = await input.inTurn(async () =>
          // A caller who left while waiting for their turn causes no read.
          input.signal.aborted ? [] : matching(range, { grant, condition, context }),
        );
        for (const entry of entries) {
          positions.set(ledger.id, entry.index + 1);
          yield { id: encodePositions(positions), entry };
        }
        positions.set(ledger.id, end);
        // The id shows how far the ledger has grown. A caller who may see only some entries must not learn that.
        if (whole) yield { id: encodePositions(positions) };
      }
      positions.set(ledger.id, Math.max(first, end));
      behind ||= end < (heads.get(ledger.id) ?? 0);
    }
    if (!behind) await sleep(pollEveryMs, undefined, { signal: input.signal }).catch(() => undefined);
  }
}

async function matching(
  range: { ledger: Ledger; first: number; end: number },
  options: { grant: Grant; condition: Condition; context: ReadContext },
): Promise<EntryView[]> {
  const { ledger } = range;
  const { context, condition } = options;
  const tenantKeys = context.ledgers.tenantKeys(ledger.tenant);
  return context.database.read(rowAccessOf(options.grant, [ledger]), async (client) => {
    const entries = await readEntryRange(client, ledger.id, range);
    const views = await eventViews(client, entries, {
      persons: context.ledgers.persons(ledger.tenant),
      tenantKeys,
      turns: context.turns,
    });
    const fits = ({ event, open, ingestedAt }: EntryView): boolean =>
      matches(condition, {
        event,
        at: timeOf(event.occurredAt, ingestedAt),
        terms: termsOf({ event, open }, tenantKeys.searchToken),
      });
    const matched = await eachInTurn(views, fits, context.turns);
    return views.filter((_, position) => matched[position]);
  });
}

function encodePositions(positions: ReadonlyMap<number, number>): string {
  return Buffer.from(JSON.stringify([...positions])).toString('base64url');
}

function decodePositions(text: string, ledgers: readonly Ledger[]): Map<number, number> {
  const refuse = (): never => {
    throw new AuditError('invalid_parameter', {
      parameter: 'Last-Event-ID',
      detail: 'Last-Event-ID must be an id that the tail sent',
    });
  };
  try {
    const pairs: unknown = JSON.parse(Buffer.from(text, 'base64url').toString('utf8'));
    if (!Array.isArray(pairs)) return refuse();
    const positions = new Map<number, number>();
    for (const pair of pairs) {
      if (
        !Array.isArray(pair) ||
        pair.length !== 2 ||
        !pair.every((number) => Number.isSafeInteger(number) && number >= 0)
      )
        return refuse();
      const [ledger, position] = pair.map(Number);
      if (ledgers.some(({ id }) => id === ledger)) positions.set(ledger ?? 0, position ?? 0);
    }
    return positions;
  } catch {
    return refuse();
  }
}
