import { encodeBase64, tilePath, type LedgerVerdict } from '@bitacora/tlog';

/** What was found, as the JSON of `--json`: hashes are base64. `ok` tells the exit code. */
export interface VerdictReport {
  readonly ok: boolean;
  readonly kind: string;
  readonly text: string;
  readonly [detail: string]: unknown;
}

/** Says a verdict in words and as data. */
export function describeVerdict(verdict: LedgerVerdict): VerdictReport {
  switch (verdict.kind) {
    case 'ok': {
      const { size, sizeRead } = verdict;
      const root = encodeBase64(verdict.root);
      const unsigned = sizeRead > size ? `; ${sizeRead - size} newer ones are not signed yet` : '';
      const unchecked = verdict.unchecked.length;
      const purged =
        unchecked > 0 ? `; ${unchecked} older checkpoints lie in the purged part and were not checked` : '';
      return {
        ok: true,
        kind: 'ok',
        size,
        sizeRead,
        root,
        unchecked,
        text: `all ${size} entries are as signed, root ${root}${unsigned}${purged}`,
      };
    }
    case 'differs': {
      const { index } = verdict;
      const [expected, found] = [encodeBase64(verdict.expected), encodeBase64(verdict.found)];
      return {
        ok: false,
        kind: 'differs',
        index,
        expected,
        found,
        text: `entry ${index} differs: leaf hash expected ${expected}, found ${found}`,
      };
    }
    case 'differsWithin': {
      const { from, to, checkpoint } = verdict;
      const expected = encodeBase64(checkpoint.root);
      const found = verdict.rootFound === undefined ? undefined : encodeBase64(verdict.rootFound);
      const text = `an entry in ${from}…${to - 1} differs: at size ${checkpoint.size} root expected ${expected}, found ${found ?? 'another'}`;
      return {
        ok: false,
        kind: 'differsWithin',
        index: from,
        from,
        to,
        size: checkpoint.size,
        expected,
        found,
        text,
      };
    }
    case 'truncated': {
      const { sizeExpected, sizeFound } = verdict;
      const rootExpected =
        verdict.rootExpected === undefined ? undefined : encodeBase64(verdict.rootExpected);
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
    case 'gap': {
      const { index, found } = verdict;
      return {
        ok: false,
        kind: 'gap',
        index,
        found,
        text: `entry ${index} is missing; the next one there is ${found}`,
      };
    }
    case 'tileDiffers':
      return { ok: false, kind: 'tileDiffers', ...describeTile(verdict) };
    case 'fork': {
      const roots = verdict.roots.map((root) => encodeBase64(root));
      const text = `fork: two signed checkpoints of size ${verdict.size} with the roots ${roots.join(' and ')}`;
      return { ok: false, kind: 'fork', size: verdict.size, roots, text };
    }
    case 'badCheckpoint': {
      const { position, reason } = verdict;
      return {
        ok: false,
        kind: 'badCheckpoint',
        position,
        reason,
        text: `checkpoint ${position + 1} is not to be believed: ${reason}`,
      };
    }
  }
}

function describeTile({ tile, problem }: Extract<LedgerVerdict, { kind: 'tileDiffers' }>): {
  readonly [key: string]: string;
} & {
  readonly text: string;
} {
  const path = tilePath(tile);
  return { path, problem, text: `the entries are right, but ${path} is ${problem}` };
}
