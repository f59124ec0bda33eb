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
  const byId = new Map<string, Receipt>();
  let last: Receipt | undefined;
  return {
    note(receipt) {
      last = receipt;
      const known = byId.get(receipt.id);
      if (known !== undefined) return known.index === receipt.index && known.leafHash === receipt.leafHash;
      byId.set(receipt.id, receipt);
      const [oldest] = byId.keys();
      if (byId.size > receiptsMax && oldest !== undefined) byId.delete(oldest);
      return true;
    },
    last: () => last,
  };
}
