import { CliError } from '../cli-error.ts';

/** A ledger's own statement of the entries that retention removed. It is not signed. */
export interface StatedRetention {
  /** Entries before this index were removed. */
  readonly minimumIndex: number;
  /** The purges cover all entries before this index, without a gap. */
  readonly purgedBelow: number;
}

/**
 * Reads `{minimumIndex, purges: [{firstIndex, endIndex}, …]}`; undefined means that no entry was removed. Throws
 * `CliError`.
 */
export function readRetention(text: string | undefined): StatedRetention {
  if (text === undefined) return { minimumIndex: 0, purgedBelow: 0 };
  const stated = parsed(text);
  const minimumIndex = indexIn(stated, 'minimumIndex');
  const purges = isObject(stated) && Array.isArray(stated['purges']) ? stated['purges'] : undefined;
  if (minimumIndex === undefined || purges === undefined)
    throw new CliError('the statement of retention cannot be read');
  let purgedBelow = 0;
  for (const purge of purges) {
    if (indexIn(purge, 'firstIndex') !== purgedBelow) break;
    purgedBelow = Math.max(purgedBelow, indexIn(purge, 'endIndex') ?? 0);
  }
  return { minimumIndex, purgedBelow };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function indexIn(value: unknown, member: string): number | undefined {
  const index = isObject(value) ? value[member] : undefined;
  return typeof index === 'number' && Number.isSafeInteger(index) && index >= 0 ? index : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
