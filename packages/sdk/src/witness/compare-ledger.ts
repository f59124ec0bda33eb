import { judgeHistory } from './judge-history.ts';
import { judgeReceipts } from './judge-receipts.ts';
import { createKeptNote } from './kept-note.ts';
import type { PublishedTree } from './published-tree.ts';
import { checkpointOf, readNote, type ReadNote } from './read-note.ts';
import type { ReceiptSample } from './receipt-sample.ts';
import type { LedgerProblem, WatchVerdict } from './verdict.ts';
import type { WatchSettings } from './watch-options.ts';

export interface ComparisonParts {
  readonly settings: WatchSettings;
  readonly tree: PublishedTree;
  readonly receipts: ReceiptSample;
}

/** Makes the function that compares what the ledger publishes with the kept checkpoint and the receipts. It never rejects. */
export function createComparison(parts: ComparisonParts): () => Promise<WatchVerdict> {
  const { settings, tree, receipts } = parts;
  const { verifier, receiptWithinMs } = settings;
  const keptNote = createKeptNote(settings.directory, settings.ledger);
  const takeLastReceipt = createLastReceiptSource(parts);
  let newest: ReadNote | undefined;

  async function readKept(): Promise<ReadNote | LedgerProblem | undefined> {
    const note = await keptNote.read();
    if (note === undefined) return newest;
    const read = readNote(note, verifier);
    if (read.ok) return newest !== undefined && newest.size > read.value.size ? newest : read.value;
    const text = `the checkpoint that was kept cannot be believed: ${read.reason}`;
    return { state: 'problem', kind: 'kept_note', text };
  }

  async function keep(checkpoint: ReadNote): Promise<void> {
    newest = checkpoint;
    // Another process may have kept a newer one meanwhile.
    if ((await readKept()) === checkpoint) await keptNote.replace(checkpoint.note);
  }

  async function compare(): Promise<WatchVerdict> {
    // Reads the kept checkpoint before asking the server. Otherwise another process could keep a newer one in between, and the
    // server's checkpoint would look like a rollback.
    const kept = await readKept();
    if (kept !== undefined && 'kind' in kept) return kept;
    takeLastReceipt();
    const note = await tree.checkpoint();
    if (note === undefined) return kept === undefined ? nothingYet : vanished(kept);
    const read = readNote(note, verifier);
    if (!read.ok) return unbelievable(read.reason, kept);
    const found = read.value;
    const reader = tree.readerOf(found.size);
    const rewritten = kept && (await judgeHistory({ kept, found }, reader));
    if (rewritten !== undefined) {
      await keptNote.keepContradiction([kept?.note ?? '', note]).catch(() => undefined);
      return rewritten;
    }
    if (kept === undefined || kept.size < found.size) await keep(found);
    const judged = await judgeReceipts(receipts.waiting(), { found, reader, withinMs: receiptWithinMs });
    receipts.remove(judged.proved);
    return (
      judged.problem ?? {
        state: 'consistent',
        checkpoint: checkpointOf(found),
        receipts: judged.proved.size,
        receiptsWaiting: receipts.waiting().length,
      }
    );
  }

  return () => compare().catch(verdictOfError);
}

/** Makes the function that adds the last receipt of the host's audit to those that wait, once. */
function createLastReceiptSource({ settings, receipts }: ComparisonParts): () => void {
  let lastId: string | undefined;
  return () => {
    const last = settings.audit?.health().lastReceipt;
    if (last !== undefined && last.id !== lastId) receipts.add(last);
    lastId = last?.id;
  };
}

const nothingYet: WatchVerdict = { state: 'unknown', reason: 'the ledger has published nothing yet' };

function vanished(kept: ReadNote): LedgerProblem {
  const text = `the ledger has no checkpoint any more, and had one of size ${kept.size} before`;
  return { state: 'problem', kind: 'rollback', text, kept: checkpointOf(kept) };
}

function unbelievable(reason: string, kept: ReadNote | undefined): LedgerProblem {
  const text = `the checkpoint is not to be believed: ${reason}`;
  const problem = { state: 'problem', kind: 'bad_signature', text } as const;
  return kept === undefined ? problem : { ...problem, kept: checkpointOf(kept) };
}

/** Missing tiles below a signed checkpoint are a problem of the ledger. After any other error the state of the ledger is unknown. */
function verdictOfError(error: unknown): WatchVerdict {
  const reason = error instanceof Error ? error.message : String(error);
  if (error instanceof RangeError)
    return { state: 'problem', kind: 'tiles', text: `the tiles do not prove what was signed: ${reason}` };
  return { state: 'unknown', reason };
}
