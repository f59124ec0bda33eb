import { parseEntry } from '@bitacora/event';
import type { LedgerSource } from '@bitacora/tlog';
import { createIdSet } from './id-set.ts';

/** An entry that is signed, but that does not belong in its place. */
export interface ForeignEntry {
  readonly index: number;
  readonly reason: string;
}

/** The ids of consecutive entries, the first at `index`. */
export interface IdRun {
  readonly index: number;
  readonly ids: readonly string[];
}

export interface WatchOptions {
  readonly ledger: string;
  /** Entries before it were purged: their ids may come again with an import. */
  readonly minimumIndex: number;
  /** Called with the ids of all entries, in order; reading waits for it. */
  readonly onIds?: ((run: IdRun) => Promise<void>) | undefined;
}

/**
 * Checks the entries of a source while they are read: each must parse as an entry, name the ledger, and have an id that no
 * other entry has.
 */
export function watchEntries(
  source: LedgerSource,
  { ledger, minimumIndex, onIds }: WatchOptions,
): { readonly source: LedgerSource; first(): ForeignEntry | undefined } {
  let first: ForeignEntry | undefined;
  let readTo = 0;
  const read = createEntryReader(ledger);
  const ids = createIdSet();
  const check = (bytes: Uint8Array, index: number): string | undefined => {
    const { id, fault } = read(bytes);
    const repeated = index >= minimumIndex && id !== undefined && !ids.add(id);
    const reason = fault ?? (repeated ? `an earlier entry has the same id ${id}` : undefined);
    if (reason !== undefined && (first === undefined || index < first.index)) first = { index, reason };
    return id;
  };
  return {
    source: {
      ...source,
      async *readBundles(from) {
        for await (const run of source.readBundles(from)) {
          // A part that is read once more is not checked once more.
          const fresh = run.entries.slice(Math.max(0, readTo - run.index));
          const index = run.index + run.entries.length - fresh.length;
          const found = fresh.map((entry, i) => check(entry, index + i));
          readTo = Math.max(readTo, run.index + run.entries.length);
          const known = found.every((id) => id !== undefined);
          if (known && found.length > 0 && index >= minimumIndex) await onIds?.({ index, ids: found });
          yield run;
        }
      },
    },
    first: () => first,
  };
}

interface ReadEntry {
  /** Undefined when the bytes are no entry. */
  readonly id: string | undefined;
  readonly fault?: string;
}

const idLength = 36;
/** From the id to the member `ledger`: `","ingestedAt":"`, the time, `",`. */
const idToLedger = idLength + 16 + 24 + 2;

/**
 * Entry bytes are canonical, so the ledger stands only after `ingestedAt`, and that after `id`. When these bytes occur exactly
 * once, they are that member, because a text that contained them would have its quotation marks escaped. Other entries are
 * parsed. Parsing all entries took two thirds of the time of `verify`.
 */
function createEntryReader(ledger: string): (bytes: Uint8Array) => ReadEntry {
  const named = Buffer.from(`Z","ledger":${JSON.stringify(ledger)},"`);
  const member = Buffer.from('"ledger":');
  const start = Buffer.from('{"action":"');
  const end = Buffer.from('"v":1}');
  const decoder = new TextDecoder('utf-8', { fatal: true });
  return (entry) => {
    const bytes = Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength);
    const at = bytes.indexOf(member);
    const plain =
      at >= idToLedger &&
      bytes.subarray(at - 3, at - 3 + named.length).equals(named) &&
      bytes.indexOf(member, at + 1) < 0 &&
      bytes.subarray(0, start.length).equals(start) &&
      bytes.subarray(-end.length).equals(end);
    if (plain) return { id: bytes.toString('latin1', at - idToLedger, at - idToLedger + idLength) };
    try {
      const parsed = parseEntry(decoder.decode(bytes));
      const { id } = parsed.open;
      return parsed.ledger === ledger ? { id } : { id, fault: `it belongs to the ledger ${parsed.ledger}` };
    } catch {
      return { id: undefined, fault: 'it does not parse as an entry' };
    }
  };
}
