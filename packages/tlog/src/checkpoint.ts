import { decodeBase64, encodeBase64 } from './base64.ts';
import { parseDecimal } from './decimal.ts';
import type { Result } from './result.ts';

/** A tree head: origin, number of entries, root (32 bytes). Only checkpoints of other logs have extension lines. */
export interface Checkpoint {
  readonly origin: string;
  readonly size: number;
  readonly root: Uint8Array;
  readonly extensions?: readonly string[];
}

/** Why a note's text is no checkpoint. */
export type CheckpointRefusal =
  'notThreeLines' | 'emptyOrigin' | 'malformedSize' | 'malformedRoot' | 'emptyExtensionLine';

/** The note text of a checkpoint (C2SP tlog-checkpoint). RangeError when it could not be parsed again. */
export function formatCheckpoint({ origin, size, root, extensions = [] }: Checkpoint): string {
  const text = [origin, String(size), encodeBase64(root), ...extensions].map((line) => `${line}\n`).join('');
  const parsed = parseCheckpoint(text);
  if (!parsed.ok || parsed.value.origin !== origin) {
    throw new RangeError(`not a checkpoint: ${parsed.ok ? 'newline in the origin' : parsed.reason}`);
  }
  return text;
}

/** Reads the text of a note, without its signatures, as a checkpoint. Does not check who signed it. */
export function parseCheckpoint(text: string): Result<Checkpoint, CheckpointRefusal> {
  const lines = text.split('\n');
  if (lines.pop() !== '' || lines.length < 3) return { ok: false, reason: 'notThreeLines' };
  const [origin = '', sizeText = '', rootText = '', ...extensions] = lines;
  if (origin === '') return { ok: false, reason: 'emptyOrigin' };
  const size = parseDecimal(sizeText);
  if (size === undefined) return { ok: false, reason: 'malformedSize' };
  const root = decodeBase64(rootText);
  if (root?.length !== 32) return { ok: false, reason: 'malformedRoot' };
  if (extensions.includes('')) return { ok: false, reason: 'emptyExtensionLine' };
  return { ok: true, value: { origin, size, root, ...(extensions.length > 0 ? { extensions } : {}) } };
}
