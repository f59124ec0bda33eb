import { rmSync } from 'node:fs';
import { appendFile, readFile } from 'node:fs/promises';
import { decodeFrame, encodeFrame } from './frame.ts';

/** How far a segment was acknowledged stands in a file beside it, to which each acknowledgement is appended. */
function acknowledgedPath(segmentPath: string): string {
  return `${segmentPath}.acknowledged`;
}

/** Not synced, and a failure does no harm: the server knows an event that is sent once more by its id. */
export async function writeAcknowledged(segmentPath: string, position: number): Promise<void> {
  const frame = encodeFrame({ sequence: 0, json: JSON.stringify(position) });
  await appendFile(acknowledgedPath(segmentPath), frame, { mode: 0o600 }).catch(() => undefined);
}

/** The last position that was written as a whole: one that is torn counts as not written. */
export async function readAcknowledged(segmentPath: string): Promise<number> {
  const bytes = await readFile(acknowledgedPath(segmentPath)).catch(() => Buffer.alloc(0));
  let acknowledged = 0;
  for (let at = 0; at < bytes.length;) {
    const framed = decodeFrame(bytes, at);
    if (typeof framed === 'string') break;
    const position = Number(framed.json);
    if (Number.isSafeInteger(position) && position >= 0) acknowledged = position;
    at = framed.end;
  }
  return acknowledged;
}

export function removeAcknowledged(segmentPath: string): void {
  rmSync(acknowledgedPath(segmentPath), { force: true });
}
