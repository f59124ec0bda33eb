/**
 * The place of an entry. A host that keeps it can later prove with `bitacora verify --receipt` that the entry is still
 * there.
 */
export interface Receipt {
  readonly id: string;
  readonly index: number;
  /** 32 bytes in base64. */
  readonly leafHash: string;
}

/**
 * The result of one event that was sent. `duplicate`: the same event was stored before. `expired`: the event was imported
 * although retention may have removed the same event earlier.
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

/** The answer to a request with events: counts, and one result per event in the order of the events. */
export interface AppendAnswer {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: number;
  readonly results: readonly AppendResult[];
}
