import { parseEntry, type Entry } from '@bitacora/event';
import {
  createEd25519Verifier,
  createTileReader,
  formatProofFile,
  formatVerifierKey,
  proveInclusion,
  verifyProofFile,
  type HashTile,
  type Signer,
} from '@bitacora/tlog';
import type { Client } from '../storage/index.ts';
import { publishedCheckpoint } from './checkpoints.ts';
import { readEntries } from './read-entries.ts';
import type { LedgerRow } from './sealed-event.ts';
import { sha256 } from './sha256.ts';
import { tileHashes } from './tiles.ts';

/** The inclusion proof of an index as a C2SP tlog-proof file; undefined while no published checkpoint covers it. */
export async function proveIndex(
  client: Client,
  ledger: LedgerRow,
  index: number,
): Promise<string | undefined> {
  const newest = await publishedCheckpoint(client, ledger.id);
  if (!newest || newest.size <= index) return undefined;
  const reader = createTileReader((wanted: HashTile) => tileHashes(client, ledger.id, wanted), {
    size: newest.size,
    sha: sha256,
  });
  const proof = await proveInclusion(index, newest.size, reader, sha256);
  return formatProofFile({ index, proof, checkpoint: newest.note });
}

/** An entry with its inclusion proof. Nothing in it is trusted before the proof is verified. */
export interface ProvedEntry {
  readonly index: number;
  /** RFC 8785 text as hashed. */
  readonly entry: string;
  /** C2SP tlog-proof. */
  readonly proof: string;
}

/** The entry at an index with its proof; undefined when it is missing or not published. */
export async function proveEntry(
  client: Client,
  ledger: LedgerRow,
  index: number,
): Promise<ProvedEntry | undefined> {
  const stored = (await readEntries(client, ledger.id, [index])).get(index);
  const proof = stored && (await proveIndex(client, ledger, index));
  return stored && proof !== undefined ? { index, entry: stored.entry, proof } : undefined;
}

/** The entry when its proof holds under the ledger's own key; undefined when it does not. */
export function verifyEntry(
  { entry, proof }: ProvedEntry,
  { ledger, signer }: { ledger: LedgerRow; signer: Signer },
): Entry | undefined {
  const verifier = createEd25519Verifier(formatVerifierKey(signer));
  if (!verifier.ok) return undefined;
  const claim = {
    file: proof,
    verifiers: [verifier.value],
    origin: ledger.origin,
    entryBytes: Buffer.from(entry),
  };
  return verifyProofFile(claim, sha256).ok ? parseEntry(entry) : undefined;
}
