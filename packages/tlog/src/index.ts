export type { Unchecked } from './purged-prefix.ts';
export { sha256, type Sha256 } from './sha256.ts';
export { createLeafHasher, leafHash } from './leaf-hash.ts';
export { createNodeHasher, nodeHash } from './node-hash.ts';
export { emptyRoot } from './empty-root.ts';
export { equalBytes } from './equal-bytes.ts';
export { decodeBase64, encodeBase64 } from './base64.ts';
export type { Result } from './result.ts';

export { createFrontier, type Frontier, type FrontierState } from './frontier.ts';
export type { NodeCoordinate } from './node-coordinate.ts';
export type { HashReader } from './hash-reader.ts';
export { proveConsistency, proveInclusion, proveSubtreeConsistency, rootFromTiles } from './prove.ts';
export {
  verifyConsistency,
  verifyInclusion,
  verifySubtreeConsistency,
  verifySubtreeInclusion,
  type ProofRefusal,
  type ProofResult,
  type TreeNumber,
} from './verify-proof.ts';

export { tileWidthFull, type FetchTile, type HashTile, type Tile } from './tile.ts';
export { parseTilePath, tilePath } from './tile-path.ts';
export { newTiles, tileHolding, tilesForSize } from './tiles-for-size.ts';
export { tileRoot } from './tile-root.ts';
export { edgeTiles, frontierOfEdge, growTiles, type TileEdge, type TileGrowth } from './tile-edge.ts';
export { createTileReader, nodeInTile, type NodeInTile } from './tile-reader.ts';
export { fetchTileAt } from './fetch-tile-at.ts';
export {
  decodeEntryBundle,
  encodeEntryBundle,
  entryLengthMaxBytes,
  type DecodedBundle,
} from './entry-bundle.ts';

export type { Signer, Verifier } from './signer.ts';
export { keyId } from './key-id.ts';
export {
  formatVerifierKey,
  parseVerifierKey,
  type VerifierKey,
  type VerifierKeyRefusal,
} from './verifier-key.ts';
export { createEd25519Signer, createEd25519Verifier, ed25519Algorithm } from './ed25519.ts';
export {
  formatNote,
  parseNote,
  type NoteRefusal,
  type NoteSignature,
  type SignedNote,
} from './signed-note.ts';
export { signNote } from './sign-note.ts';
export { verifyNote, type NoteVerificationRefusal, type VerifiedNote } from './verify-note.ts';
export { formatCheckpoint, parseCheckpoint, type Checkpoint, type CheckpointRefusal } from './checkpoint.ts';
export {
  verifyCheckpoint,
  type CheckpointVerificationRefusal,
  type VerifiedCheckpoint,
} from './verify-checkpoint.ts';
export { formatProofFile, parseProofFile, type ProofFile, type ProofFileRefusal } from './proof-file.ts';
export { verifyProofFile, type ProofFileVerificationRefusal, type ProvedEntry } from './verify-proof-file.ts';

export { createBundleReader, type EntryRun, type LedgerSource } from './ledger-source.ts';
export type { KeptLeaf, Receipt } from './scan-ledger.ts';
export { verifyLedger, type LedgerExpectation, type LedgerVerdict } from './verify-ledger.ts';
