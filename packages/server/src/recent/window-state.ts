import type { RecentPlace } from './recent-entry.ts';

/**
 * What recent holds of a ledger: every entry below index `upTo` that stands after `floor`. Whoever changes it replaces
 * the whole, and only the one that was read.
 */
export interface WindowState {
  upTo: number;
  /** Tag of the head at `upTo`; 0: on the way to one. */
  tag: number;
  /** Leaf hash of entry `upTo - 1`, hex; '' for an empty ledger. Where it is another's, the ledger is another one. */
  last: string;
  /** Nothing at or before this place is held; null: there is nothing before what is held. */
  floor: RecentPlace | null;
  /** Id of the directory, the list of chunks. */
  directory: string;
}

/** A state's value, read before it is known which one is right. */
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

/** Values come out of the codec authenticated: they are ours, and only their version could be another. */
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
