import { encodeBase64, tilePath, type LedgerVerdict } from '@bitacora/tlog';

/** The result as the JSON of `--json`; hashes are base64. `ok` decides the exit code. */
export interface VerdictReport {
  readonly ok: boolean;
  readonly kind: string;
  readonly text: string;
  readonly [detail: string]: unknown;
}

/** A verdict in words and as data. */
export function describeVerdict(verdict: LedgerVerdict): VerdictReport {
  switch (verdict.kind) {
    case 'ok':
      return describeOk(verdict);
    case 'differs':
      return describeDiffers(verdict);
    case 'differsWithin':
      return describeDiffersWithin(verdict);
    case 'truncated':
      return describeTruncated(verdict);
    case 'gap':
      return describeGap(verdict);
    case 'tileDiffers':
      return describeTile(verdict);
    case 'fork':
      return describeFork(verdict);
    case 'badCheckpoint':
      return describeBadCheckpoint(verdict);
  }
}

type VerdictOf<Kind extends LedgerVerdict['kind']> = Extract<LedgerVerdict, { kind: Kind }>;

function describeOk({ size, sizeRead, root: rootHash, start, unchecked }: VerdictOf<'ok'>): VerdictReport {
  const root = encodeBase64(rootHash);
  const unsigned = sizeRead > size ? `; ${sizeRead - size} newer ones are not signed yet` : '';
  const which = start === 0 ? `all ${size} entries` : `entries ${start} to ${size - 1} of ${size}`;
  const text = `${which} are as signed, root ${root}${unsigned}${describeUnchecked(unchecked)}`;
  const counts = { ...unchecked, checkpoints: unchecked.checkpoints.length };
  return { ok: true, kind: 'ok', size, sizeRead, root, unchecked: counts, text };
}

function describeUnchecked({ checkpoints, receipts, leaves }: VerdictOf<'ok'>['unchecked']): string {
  const counts: readonly (readonly [number, string])[] = [
    [checkpoints.length, 'checkpoints'],
    [receipts, 'receipts'],
    [leaves, 'leaf hashes'],
  ];
  const named = counts.filter(([count]) => count > 0).map(([count, what]) => `${count} ${what}`);
  if (named.length === 0) return '';
  return `; ${named.join(', ')} could not be checked: they belong to purged entries whose hashes the ledger has no more`;
}

function describeDiffers(verdict: VerdictOf<'differs'>): VerdictReport {
  const { index } = verdict;
  const expected = encodeBase64(verdict.expected);
  const found = encodeBase64(verdict.found);
  const text = `entry ${index} differs: leaf hash expected ${expected}, found ${found}`;
  return { ok: false, kind: 'differs', index, expected, found, text };
}

function describeDiffersWithin(verdict: VerdictOf<'differsWithin'>): VerdictReport {
  const { from, to, checkpoint } = verdict;
  const { size } = checkpoint;
  const expected = encodeBase64(checkpoint.root);
  const found = verdict.rootFound === undefined ? undefined : encodeBase64(verdict.rootFound);
  const text = `an entry in ${from}…${to - 1} differs: at size ${size} root expected ${expected}, found ${found ?? 'another'}`;
  return { ok: false, kind: 'differsWithin', index: from, from, to, size, expected, found, text };
}

function describeTruncated(verdict: VerdictOf<'truncated'>): VerdictReport {
  const { sizeExpected, sizeFound } = verdict;
  const rootExpected = verdict.rootExpected === undefined ? undefined : encodeBase64(verdict.rootExpected);
  const rootFound = encodeBase64(verdict.rootFound);
  const text = `the ledger ends early: size expected ${sizeExpected} with root ${rootExpected ?? '(known from a receipt only)'}, found ${sizeFound} with root ${rootFound}`;
  return {
    ok: false,
    kind: 'truncated',
    index: sizeFound,
    sizeExpected,
    sizeFound,
    rootExpected,
    rootFound,
    text,
  };
}

function describeGap({ index, found }: VerdictOf<'gap'>): VerdictReport {
  const text = `entry ${index} is missing; the next one there is ${found}`;
  return { ok: false, kind: 'gap', index, found, text };
}

function describeTile({ tile, problem }: VerdictOf<'tileDiffers'>): VerdictReport {
  const path = tilePath(tile);
  const what = problem === 'missing' ? 'is missing' : 'differs from what the entries and signed roots give';
  const text = `the entries are right, but ${path} ${what}`;
  return { ok: false, kind: 'tileDiffers', path, problem, text };
}

function describeFork({ size, roots: hashes }: VerdictOf<'fork'>): VerdictReport {
  const roots = hashes.map((root) => encodeBase64(root));
  const text = `fork: two signed checkpoints of size ${size} with the roots ${roots.join(' and ')}`;
  return { ok: false, kind: 'fork', size, roots, text };
}

function describeBadCheckpoint({ position, reason }: VerdictOf<'badCheckpoint'>): VerdictReport {
  const text = `checkpoint ${position + 1} is not to be believed: ${reason}`;
  return { ok: false, kind: 'badCheckpoint', position, reason, text };
}
