import { hash } from 'node:crypto';

/** SHA-256 over the map's identity and the row's content. */
export function rowHash(map: string, content: string): Buffer {
  return hash('sha256', `${map}\n${content}`, 'buffer');
}

/**
 * The id of an imported event: a UUIDv7 of the event's time, its other 74 bits from a hash of the row, its ordinal among
 * identical rows and the number of the event in the row. The same file imported again therefore adds nothing.
 */
export function importId(
  timeMs: number,
  { row, ordinal, event }: { readonly row: Buffer; readonly ordinal: number; readonly event: number },
): string {
  const digest = hash('sha256', `${row.toString('hex')}\n${ordinal}\n${event}`);
  const time = Math.max(0, timeMs).toString(16).padStart(12, '0');
  const variant = ((Number.parseInt(digest.charAt(3), 16) & 3) | 8).toString(16);
  return [
    time.slice(0, 8),
    time.slice(8),
    `7${digest.slice(0, 3)}`,
    `${variant}${digest.slice(4, 7)}`,
    digest.slice(7, 19),
  ].join('-');
}
