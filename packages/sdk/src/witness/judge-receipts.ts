import { equalBytes, proveInclusion, verifyInclusion, type HashReader } from '@bitacora/tlog';
import { nodeSha256 } from './published-tree.ts';
import { checkpointOf, type ReadNote } from './read-note.ts';
import type { WaitingReceipt } from './receipt-sample.ts';
import type { LedgerProblem } from './verdict.ts';

export interface JudgedReceipts {
  /** The receipts whose entries are in the tree. */
  readonly proved: ReadonlySet<WaitingReceipt>;
  /** Of the first receipt whose entry is not as it was acknowledged. */
  readonly problem: LedgerProblem | undefined;
}

/** Looks in the tree for the entry of each receipt that the checkpoint covers. Rejects as `reader` does. */
export async function judgeReceipts(
  waiting: readonly WaitingReceipt[],
  options: { readonly found: ReadNote; readonly reader: HashReader; readonly withinMs: number },
): Promise<JudgedReceipts> {
  const { found, reader, withinMs } = options;
  const { size, root } = found;
  const proved = new Set<WaitingReceipt>();
  for (const waitingReceipt of waiting) {
    const { receipt } = waitingReceipt;
    const { index } = receipt;
    const problem = (kind: 'receipt' | 'tiles', text: string): JudgedReceipts => ({
      proved,
      problem: { state: 'problem', kind, text, found: checkpointOf(found), receipt },
    });
    if (index >= size) {
      if (performance.now() - waitingReceipt.givenAt < withinMs) continue;
      return problem('receipt', `entry ${index} was acknowledged, and no checkpoint covers it: size ${size}`);
    }
    const [[leafHash = nothing], proof] = await Promise.all([
      reader([{ level: 0, index }]),
      proveInclusion(index, size, reader, nodeSha256),
    ]);
    if (!verifyInclusion({ index, size, leafHash, proof, root }, nodeSha256).ok)
      return problem('tiles', `the tiles are not those of the signed checkpoint of size ${size}`);
    if (!equalBytes(leafHash, waitingReceipt.leafHash))
      return problem('receipt', `entry ${index} is not the one that was acknowledged`);
    proved.add(waitingReceipt);
  }
  return { proved, problem: undefined };
}

const nothing = new Uint8Array(0);
