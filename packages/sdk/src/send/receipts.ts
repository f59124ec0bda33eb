/** The places of the newest events, to notice a server that tells another place for the same event. */
export interface Receipts {
  /** False when the event is known at another place or with another hash. */
  note(receipt: Receipt): boolean;
  last(): Receipt | undefined;
}

export interface Receipt {
  readonly id: string;
  readonly index: number;
  readonly leafHash: string;
}

const receiptsMax = 1_000;

export function createReceipts(): Receipts {
  // Two halves: when the newer one is full, the older one is forgotten as a whole.
  let newer = new Map<string, Receipt>();
  let older = new Map<string, Receipt>();
  let last: Receipt | undefined;
  return {
    note(receipt) {
      last = receipt;
      const known = newer.get(receipt.id) ?? older.get(receipt.id);
      if (known !== undefined) return known.index === receipt.index && known.leafHash === receipt.leafHash;
      if (newer.size >= receiptsMax) [older, newer] = [newer, new Map()];
      newer.set(receipt.id, receipt);
      return true;
    },
    last: () => last,
  };
}
