import { decodeBase64, encodeBase64 } from './base64.ts';
import { parseDecimal } from './decimal.ts';
import type { Result } from './result.ts';

/** A `.tlog-proof` file (C2SP tlog-proof): everything that is needed to prove offline that an entry is in a log. */
export interface ProofFile {
  /** The entry's index. */
  readonly index: number;
  /** The inclusion path, sibling first, 32 bytes each. */
  readonly proof: readonly Uint8Array[];
  /** The signed checkpoint, verbatim. */
  readonly checkpoint: string;
  /** Opaque and not authenticated. */
  readonly extra?: Uint8Array;
}

/** Why a text is no proof file. */
export type ProofFileRefusal =
  'tooLong' | 'unknownHeader' | 'malformedExtra' | 'malformedIndex' | 'malformedHash' | 'noCheckpoint';

const header = 'c2sp.org/tlog-proof@v1';
const fileLengthMax = 2_000_000;

/** The text of a proof file. RangeError when it could not be parsed again. */
export function formatProofFile({ index, proof, checkpoint, extra }: ProofFile): string {
  const lines = [
    header,
    ...(extra === undefined ? [] : [`extra ${encodeBase64(extra)}`]),
    `index ${index}`,
    ...proof.map(encodeBase64),
  ];
  const file = `${lines.join('\n')}\n\n${checkpoint}`;
  const parsed = parseProofFile(file);
  if (!parsed.ok) throw new RangeError(`not a proof file: ${parsed.reason}`);
  return file;
}

/** Reads a proof file; the checkpoint in it is cut out, not yet parsed. */
export function parseProofFile(file: string): Result<ProofFile, ProofFileRefusal> {
  if (file.length > fileLengthMax) return { ok: false, reason: 'tooLong' };
  const blank = file.indexOf('\n\n');
  if (blank < 0 || blank + 2 === file.length) return { ok: false, reason: 'noCheckpoint' };
  const lines = file.slice(0, blank).split('\n');
  if (lines.shift() !== header) return { ok: false, reason: 'unknownHeader' };
  const extraText = lines[0]?.startsWith('extra ') ? lines.shift()?.slice('extra '.length) : undefined;
  const extra = extraText === undefined ? undefined : decodeBase64(extraText);
  if (extraText !== undefined && extra === undefined) return { ok: false, reason: 'malformedExtra' };
  const index = parseDecimal(/^index (.*)$/.exec(lines.shift() ?? '')?.[1] ?? '');
  if (index === undefined) return { ok: false, reason: 'malformedIndex' };
  const proof: Uint8Array[] = [];
  for (const line of lines) {
    const hash = decodeBase64(line);
    if (hash?.length !== 32) return { ok: false, reason: 'malformedHash' };
    proof.push(hash);
  }
  const checkpoint = file.slice(blank + 2);
  return { ok: true, value: { index, proof, checkpoint, ...(extra === undefined ? {} : { extra }) } };
}
