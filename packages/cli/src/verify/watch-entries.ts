import { parseEntry } from '@bitacora/event';
import type { LedgerSource } from '@bitacora/tlog';

/** An entry that is signed, yet none of this ledger's. */
export interface ForeignEntry {
  readonly index: number;
  readonly reason: string;
}

/** Puts a check in front of a source: each entry that passes must parse, and name the ledger. */
export function watchEntries(
  source: LedgerSource,
  ledger: string,
): { readonly source: LedgerSource; first(): ForeignEntry | undefined } {
  let first: ForeignEntry | undefined;
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const decode = (bytes: Uint8Array): string => decoder.decode(bytes);
  const check = (bytes: Uint8Array, index: number): void => {
    if (first !== undefined && first.index <= index) return;
    const reason = wrongWith(bytes, decode, ledger);
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

function wrongWith(
  bytes: Uint8Array,
  decode: (bytes: Uint8Array) => string,
  ledger: string,
): string | undefined {
  try {
    const entry = parseEntry(decode(bytes));
    return entry.ledger === ledger ? undefined : `it belongs to the ledger ${entry.ledger}`;
  } catch {
    return 'it does not parse as an entry';
  }
}
