import type { RecentPlace } from './recent-entry.ts';

/**
 * The entries of a ledger that recent holds: every entry below index `upTo` that stands after `floor`. A process that
 * changes the state replaces it as a whole, and only when the stored state is still the one that it read.
 */
export interface WindowState {
  upTo: number;
  /** Tag of the head at `upTo`; 0 when the window is between two heads. */
  tag: number;
  /**
   * Leaf hash of entry `upTo - 1`, hex; '' for an empty ledger. When the ledger has another hash there, the state is of
   * another ledger.
   */
  last: string;
  /** Nothing at or before this place is held; null: there is nothing before what is held. */
  floor: RecentPlace | null;
  /** Id of the directory, the list of chunks. */
  directory: string;
}

/** The value of a state, read before the head. Only the head shows whether the state's epoch is the present epoch. */
export interface EarlyState {
  epoch: number;
  raw: Buffer | undefined;
}

/** A run of entries under one key. */
export interface ChunkRow {
  id: string;
  count: number;
  greatest: RecentPlace;
}

/**
 * The codec has authenticated the values, so we wrote them. Only another version of this code can have written another
 * shape.
 */
export function parseState(payload: unknown): WindowState | undefined {
  return isRow(payload) && Number.isSafeInteger(payload['upTo']) && typeof payload['directory'] === 'string'
    ? (payload as unknown as WindowState)
    : undefined;
}

export function parseDirectory(payload: unknown): ChunkRow[] | undefined {
  return Array.isArray(payload) && payload.every((row) => isRow(row) && typeof row['id'] === 'string')
    ? (payload as ChunkRow[])
    : undefined;
}

function isRow(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
