/** The place of an entry: keep it, and `bitacora verify --receipt` proves later that the entry is still there. */
export interface Receipt {
  readonly id: string;
  readonly index: number;
  /** 32 bytes in base64. */
  readonly leafHash: string;
}

/**
 * What became of one event sent; `duplicate` when the same event was there before, `expired` when it was imported although
 * retention may have removed it once.
 */
export type AppendResult =
  | (Receipt & { readonly duplicate?: true; readonly expired?: true })
  | {
      readonly id?: string;
      readonly error: {
        readonly code: string;
        readonly field: string;
        readonly message: string;
        readonly position?: number;
      };
    };

/** The answer to a request with events: counts, and one result per event in the order sent. */
export interface AppendAnswer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly results: readonly AppendResult[];
}
