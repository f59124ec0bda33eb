import {
  createFrontier,
  createTileReader,
  equalBytes,
  frontierOfEdge,
  proveConsistency,
  verifyConsistency,
  type HashTile,
  type Signer,
} from '@bitacora/tlog';
import { AuditError } from '../audit-error.ts';
import type { Client, Database } from '../storage/index.ts';
import { publishedCheckpoint, readOwnCheckpoint } from './checkpoints.ts';
import { readEdge } from './integrate.ts';
import type { LedgerRow } from './sealed-event.ts';
import { sha256 } from './sha256.ts';
import { tileHashes } from './tiles.ts';

/** What the entries of a part say themselves, after they were found to be as signed. */
export interface CheckedPart {
  /** The root of the ledger at the end of the part. */
  root: Uint8Array;
  /** Least and greatest `ingestedAt`, UTC milliseconds. */
  ingestedFrom: string;
  ingestedTo: string;
}

/** Checks the entries of a part before retention removes them; given in order of index. */
export interface PartCheck {
  add(entry: { leafHash: Uint8Array; ingestedAt: string }): void;
  /** @throws unavailable when the entries do not lead to the newest signed root of the ledger */
  finish(): Promise<CheckedPart>;
}

/** `firstIndex` is the first index of the part. The entries before it may be gone: their hashes come from the tiles. */
export async function createPartCheck(
  database: Database,
  { ledger, firstIndex, signer }: { ledger: LedgerRow; firstIndex: number; signer: Signer },
): Promise<PartCheck> {
  const rowAccess = { tenant: ledger.tenant, ledgers: [ledger.id] };
  const edge = await database.read(rowAccess, (client) => readEdge(client, ledger.id, firstIndex));
  const tree = createFrontier(frontierOfEdge(edge, sha256), sha256);
  let ingestedFrom = '9';
  let ingestedTo = '';
  return {
    add({ leafHash, ingestedAt }) {
      tree.append(leafHash);
      if (ingestedAt < ingestedFrom) ingestedFrom = ingestedAt;
      if (ingestedAt > ingestedTo) ingestedTo = ingestedAt;
    },
    async finish() {
      const found = { size: tree.size(), root: tree.root() };
      const fits = await database.read(rowAccess, (client) => isAsSigned(client, found, { ledger, signer }));
      if (fits) return { root: found.root, ingestedFrom, ingestedTo };
      throw new AuditError('unavailable', {
        detail: `the entries of ledger ${ledger.name} below ${found.size} are not as signed: verify it before anything is removed`,
      });
    },
  };
}

/** Whether the newest published checkpoint is signed by this installation and begins with the tree found. */
async function isAsSigned(
  client: Client,
  found: { size: number; root: Uint8Array },
  { ledger, signer }: { ledger: LedgerRow; signer: Signer },
): Promise<boolean> {
  const published = await publishedCheckpoint(client, ledger.id);
  const checkpoint = published && readOwnCheckpoint(published.note, { ledger, signer });
  if (!checkpoint || checkpoint.size < found.size) return false;
  const { size, root } = checkpoint;
  if (size === found.size) return equalBytes(root, found.root);
  const fetchTile = (tile: HashTile): ReturnType<typeof tileHashes> => tileHashes(client, ledger.id, tile);
  const reader = createTileReader(fetchTile, { size, sha: sha256 });
  const proof = await proveConsistency(found.size, size, reader, sha256).catch(() => undefined);
  if (proof === undefined) return false;
  const claim = { size1: found.size, size2: size, root1: found.root, root2: root, proof };
  return verifyConsistency(claim, sha256).ok;
}
