import {
  equalBytes,
  proveConsistency,
  rootFromTiles,
  verifyConsistency,
  type HashReader,
} from '@bitacora/tlog';
import { nodeSha256 } from './published-tree.ts';
import { checkpointOf, type ReadNote } from './read-note.ts';
import type { LedgerProblem, ProblemKind } from './verdict.ts';

/**
 * Checks whether the newest tree begins with the kept tree; both are signed. Undefined when it does. Rejects as `reader` does.
 */
export async function judgeHistory(
  { kept, found }: { readonly kept: ReadNote; readonly found: ReadNote },
  reader: HashReader,
): Promise<LedgerProblem | undefined> {
  const problem = (kind: ProblemKind, text: string): LedgerProblem => ({
    state: 'problem',
    kind,
    text,
    kept: checkpointOf(kept),
    found: checkpointOf(found),
  });
  if (found.size < kept.size)
    return problem('rollback', `the ledger has ${found.size} entries, and had ${kept.size} before`);
  if (found.size === kept.size)
    return equalBytes(found.root, kept.root)
      ? undefined
      : problem('fork', `two signed checkpoints of size ${kept.size} have different roots`);
  if (kept.size === 0) return undefined;
  // First the root of the newest tree must prove the root of its beginning. Then that root is compared with the kept one. So a
  // rewritten history, which two signatures prove, is a different problem from tiles that belong to neither checkpoint.
  const [beginning, proof] = await Promise.all([
    rootFromTiles(kept.size, reader, nodeSha256),
    proveConsistency(kept.size, found.size, reader, nodeSha256),
  ]);
  const claim = { size1: kept.size, size2: found.size, root1: beginning, root2: found.root, proof };
  const proved = verifyConsistency(claim, nodeSha256);
  if (!proved.ok)
    return problem('tiles', `the tiles are not those of the signed checkpoint of size ${found.size}`);
  return equalBytes(beginning, kept.root)
    ? undefined
    : problem(
        'fork',
        `history was rewritten: the first ${kept.size} of the ${found.size} entries are not those that were signed before`,
      );
}
