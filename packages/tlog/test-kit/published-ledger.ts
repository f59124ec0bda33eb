import { hash } from 'node:crypto';
import {
  createBundleReader,
  createEd25519Signer,
  createEd25519Verifier,
  encodeEntryBundle,
  formatCheckpoint,
  formatVerifierKey,
  growTiles,
  leafHash,
  signNote,
  tilePath,
  type EntryRun,
  type LedgerSource,
  type Sha256,
  type TileEdge,
} from '../src/index.ts';
import { createFrontier } from '../src/frontier.ts';
import { frontierOfEdge } from '../src/tile-edge.ts';

export const nodeSha256: Sha256 = (data) => Buffer.from(hash('sha256', data, 'binary'), 'binary');
export const origin = 'log.example/test';
export const signer = createEd25519Signer({ name: origin, seed: new Uint8Array(32).fill(7) });
const parsed = createEd25519Verifier(formatVerifierKey(signer));
if (!parsed.ok) throw new Error(parsed.reason);
export const verifier = parsed.value;

export const numberedEntries = (count: number, mark = '') =>
  Array.from({ length: count }, (_, i) => new TextEncoder().encode(`entry ${i}${mark}`));

/** The files that a server publishes while its ledger grows through `sizes`; the last size is the number of entries. */
export async function publish(entries: readonly Uint8Array[], sizes: readonly number[]) {
  const files = new Map<string, Uint8Array>();
  const checkpoints: string[] = [];
  let tree: { size: number; edge: TileEdge } = { size: 0, edge: [] };
  for (const size of sizes) {
    const grown = growTiles(
      tree,
      entries.slice(tree.size, size).map((entry) => leafHash(entry, nodeSha256)),
      nodeSha256,
    );
    for (const { tile, bytes } of grown.tiles) files.set(tilePath(tile), bytes);
    tree = grown;
    const root = createFrontier(frontierOfEdge(tree.edge, nodeSha256), nodeSha256).root();
    checkpoints.push(await signNote(formatCheckpoint({ origin, size, root }), [signer]));
  }
  for (let at = 0; at < entries.length; at += 256) {
    const bundle = entries.slice(at, at + 256);
    files.set(
      tilePath({ level: 'entries', index: at / 256, width: bundle.length }),
      encodeEntryBundle(bundle),
    );
  }
  return { files, checkpoints, entries: [...entries] };
}

/** A source that reads the published files, as a verifier reads a folder. */
export function sourceOfFiles(files: ReadonlyMap<string, Uint8Array>, size: number): LedgerSource {
  return {
    readBundles: createBundleReader((tile) => files.get(tilePath(tile)), size),
    readTile: (tile) => files.get(tilePath(tile)),
  };
}

/** A source that reads rows in order of index and the published tiles, as the server does when it verifies itself. */
export function sourceOfRows(
  rows: readonly { readonly index: number; readonly entry: Uint8Array }[],
  files: ReadonlyMap<string, Uint8Array>,
): LedgerSource {
  return {
    async *readBundles(from): AsyncGenerator<EntryRun> {
      for (const { index, entry } of rows) if (index >= from) yield { index, entries: [entry] };
    },
    readTile: (tile) => files.get(tilePath(tile)),
  };
}
