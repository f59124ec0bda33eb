import { parseEntry } from '@bitacora/event';
import type { LedgerSource } from '@bitacora/tlog';

/** An entry that is signed, but that does not belong to this ledger. */
export interface ForeignEntry {
  readonly index: number;
  readonly reason: string;
}

/** Checks the entries of a source while they are read: each must parse as an entry and name the ledger. */
export function watchEntries(
  source: LedgerSource,
  ledger: string,
): { readonly source: LedgerSource; first(): ForeignEntry | undefined } {
  let first: ForeignEntry | undefined;
  const wrongWith = createWrongWith(ledger);
  const check = (bytes: Uint8Array, index: number): void => {
    if (first !== undefined && first.index <= index) return;
    const reason = wrongWith(bytes);
    if (reason !== undefined) first = { index, reason };
  };
  return {
    source: {
      ...source,
      async *readBundles(from) {
        for await (const run of source.readBundles(from)) {
          run.entries.forEach((entry, i) => check(entry, run.index + i));
          yield run;
        }
      },
    },
    first: () => first,
  };
}

/**
 * Entry bytes are canonical, so the ledger stands only after `ingestedAt`. When these bytes occur exactly once, they are that
 * member, because a text that contained them would have its quotation marks escaped. Other entries are parsed. Parsing all
 * entries took two thirds of the time of `verify`.
 */
function createWrongWith(ledger: string): (bytes: Uint8Array) => string | undefined {
  const named = Buffer.from(`Z","ledger":${JSON.stringify(ledger)},"`);
  const member = Buffer.from('"ledger":');
  const start = Buffer.from('{"action":"');
  const end = Buffer.from('"v":1}');
  const decoder = new TextDecoder('utf-8', { fatal: true });
  return (entry) => {
    const bytes = Buffer.from(entry.buffer, entry.byteOffset, entry.byteLength);
    const at = bytes.indexOf(member);
    const plain =
      at >= 3 &&
      bytes.subarray(at - 3, at - 3 + named.length).equals(named) &&
      bytes.indexOf(member, at + 1) < 0 &&
      bytes.subarray(0, start.length).equals(start) &&
      bytes.subarray(-end.length).equals(end);
    if (plain) return undefined;
    try {
      const parsed = parseEntry(decoder.decode(bytes));
      return parsed.ledger === ledger ? undefined : `it belongs to the ledger ${parsed.ledger}`;
    } catch {
      return 'it does not parse as an entry';
    }
  };
}
