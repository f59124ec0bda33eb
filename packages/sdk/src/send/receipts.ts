/** Keeps the places of the newest events in the ledger, to notice when the server reports another place for one of them. */
export interface Receipts {
  /** False when an earlier receipt of the event has another place or another hash. */
  add(receipt: Receipt): boolean;
  last(): Receipt | undefined;
}

export interface Receipt {
  readonly id: string;
  readonly index: number;
  readonly leafHash: string;
}

const receiptsMax = 1_000;

export function createReceipts(): Receipts {
  // There are two maps. When the newer one is full, it becomes the older one, and the receipts of the older one are dropped.
  let newer = new Map<string, Receipt>();
  let older = new Map<string, Receipt>();
  let last: Receipt | undefined;
  return {
    add(receipt) {
      last = receipt;
      const earlier = newer.get(receipt.id) ?? older.get(receipt.id);
      if (earlier !== undefined)
        return earlier.index === receipt.index && earlier.leafHash === receipt.leafHash;
      if (newer.size >= receiptsMax) {
        older = newer;
        newer = new Map();
      }
      newer.set(receipt.id, receipt);
      return true;
    },
    last: () => last,
  };
}
