import { readCheckpoint, type ReadCheckpoint } from './read-checkpoint.ts';
import { leafHash, rootOf } from './rfc6962.ts';
import type { TestServer } from './test-server.ts';
import { waitUntil } from './wait-until.ts';

export interface PublishedLedger extends ReadCheckpoint {
  /** The signed note that was read. */
  note: string;
  vkey: string;
  entries: Buffer[];
  leaves: Buffer[];
}

const perTile = 256;

/**
 * Reads all of a ledger over HTTP once its checkpoint covers `sizeLeast` entries, and recomputes everything that was
 * published about it: signature, root, and each tile of each level.
 * @throws Error naming the first thing that is not as recomputed
 */
export async function readPublishedLedger(
  server: TestServer,
  options: { ledger?: string; sizeLeast?: number } = {},
): Promise<PublishedLedger> {
  const { ledger = 'default', sizeLeast = 1 } = options;
  const base = `/v1/tlog/${ledger}`;
  const vkey = (await text(server, `${base}/key`)).trim();
  const note = await checkpointOf(server, { base, vkey, sizeLeast });
  const checkpoint = readCheckpoint(note, vkey);
  const { size } = checkpoint;
  const entries: Buffer[] = [];
  for (let first = 0; first < size; first += perTile) {
    const width = Math.min(perTile, size - first);
    const path = tilePath('entries', { index: first / perTile, width });
    const bundle = splitBundle(await bytes(server, `${base}/${path}`));
    if (bundle.length !== width) throw new Error(`${path} holds ${bundle.length} entries`);
    entries.push(...bundle);
  }
  const leaves = entries.map(leafHash);
  const root = rootOf(leaves);
  if (!root.equals(checkpoint.root))
    throw new Error(
      `the root of ${size} entries is ${root.toString('base64')}, the checkpoint says ${checkpoint.root.toString('base64')}`,
    );
  await compareTiles(server, { base, leaves });
  return { ...checkpoint, note, vkey, entries, leaves };
}

async function checkpointOf(
  server: TestServer,
  options: { base: string; vkey: string; sizeLeast: number },
): Promise<string> {
  return waitUntil(`a checkpoint over ${options.sizeLeast} entries`, async () => {
    const response = await server.fetch(`${options.base}/checkpoint`);
    const note = await response.text();
    return response.ok && readCheckpoint(note, options.vkey).size >= options.sizeLeast && note;
  });
}

/**
 * Compares each tile of each level with hashes recomputed from the entries (C2SP tlog-tiles: a tile level has 8 levels of the
 * tree).
 */
async function compareTiles(
  server: TestServer,
  options: { base: string; leaves: readonly Buffer[] },
): Promise<void> {
  let hashes = options.leaves;
  for (let level = 0; hashes.length > 0; level++) {
    for (let first = 0; first < hashes.length; first += perTile) {
      const expected = hashes.slice(first, first + perTile);
      const path = tilePath(String(level), { index: first / perTile, width: expected.length });
      const found = await bytes(server, `${options.base}/${path}`);
      if (!found.equals(Buffer.concat(expected))) throw new Error(`${path} is not as recomputed`);
    }
    const full = Math.floor(hashes.length / perTile);
    const below = hashes;
    hashes = Array.from({ length: full }, (_, tile) =>
      rootOf(below.slice(tile * perTile, (tile + 1) * perTile)),
    );
  }
}

/** The path of a tile, such as `tile/0/x001/067.p/8`. */
export function tilePath(level: string, tile: { index: number; width: number }): string {
  const digits = String(tile.index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const groups = padded.match(/\d{3}/g) ?? [];
  const path = groups.map((group, at) => (at < groups.length - 1 ? `x${group}` : group)).join('/');
  return `tile/${level}/${path}${tile.width < perTile ? `.p/${tile.width}` : ''}`;
}

function splitBundle(bundle: Buffer): Buffer[] {
  const entries: Buffer[] = [];
  for (let at = 0; at < bundle.length;) {
    const length = bundle.readUInt16BE(at);
    entries.push(bundle.subarray(at + 2, at + 2 + length));
    at += 2 + length;
  }
  return entries;
}

async function text(server: TestServer, path: string): Promise<string> {
  return (await bytes(server, path)).toString('utf8');
}

async function bytes(server: TestServer, path: string): Promise<Buffer> {
  const response = await server.fetch(path);
  const body = Buffer.from(await response.arrayBuffer());
  if (!response.ok) throw new Error(`GET ${path}: ${response.status} ${body.toString('utf8')}`);
  return body;
}
