/** Counts of the work of recent since the start of this process. */
export interface RecentCounters {
  /** Pages that were answered from it. */
  hits: number;
  /** Questions that it could have answered if it had held more. */
  misses: number;
  /** Questions that went to PostgreSQL because the store could not be asked. */
  fallbacks: number;
  /** Values that another program wrote, or that are damaged. They are treated as absent. */
  refused: number;
  /** Entries written to the store. */
  stored: number;
  /** How often a window was rebuilt. */
  fills: number;
  errors: number;
}

export function createCounters(): RecentCounters {
  return { hits: 0, misses: 0, fallbacks: 0, refused: 0, stored: 0, fills: 0, errors: 0 };
}
