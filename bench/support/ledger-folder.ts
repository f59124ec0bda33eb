import { hash } from 'node:crypto';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { compilePersonal, entryJson, parseEvent, separate } from '@bitacora/event';
import {
  createEd25519Signer,
  createFrontier,
  createLeafHasher,
  encodeEntryBundle,
  formatCheckpoint,
  formatVerifierKey,
  growTiles,
  signNote,
  tilePath,
  tileWidthFull,
} from '@bitacora/tlog';
import { createEventSource } from './real-events.ts';

export interface LedgerFolder {
  readonly folder: string;
  readonly verifierKey: string;
  readonly origin: string;
}

const origin = 'bench.local/ledger';
const personal = compilePersonal();

/** A published ledger in the C2SP layout, as `bitacora verify --save` writes it, with the events of `createEventSource`. Built once and kept. */
export async function ledgerFolder(directory: string, size: number): Promise<LedgerFolder> {
  const folder = join(directory, `ledger-${size}`);
  const signer = createEd25519Signer({ name: origin, seed: new Uint8Array(32).fill(7) });
  const ledger = { folder, verifierKey: formatVerifierKey(signer), origin };
  if (existsSync(join(folder, 'checkpoint'))) return ledger;
  const sha = (data: Uint8Array): Buffer => Buffer.from(hash('sha256', data, 'binary'), 'binary');
  const hashLeaf = createLeafHasher(sha);
  const frontier = createFrontier(undefined, sha);
  const next = createEventSource(11);
  let tree: Parameters<typeof growTiles>[0] = { size: 0, edge: [] };
  for (let first = 0; first < size; first += tileWidthFull) {
    const entries = Array.from({ length: Math.min(tileWidthFull, size - first) }, () => entryBytes(next()));
    const leaves = entries.map((entry) => Buffer.from(hashLeaf(entry)));
    for (const leaf of leaves) frontier.append(leaf);
    write(
      folder,
      tilePath({ level: 'entries', index: first / tileWidthFull, width: entries.length }),
      encodeEntryBundle(entries),
    );
    const growth = growTiles(tree, leaves, sha);
    for (const { tile, bytes } of growth.tiles) write(folder, tilePath(tile), bytes);
    tree = growth;
  }
  write(
    folder,
    'checkpoint',
    Buffer.from(await signNote(formatCheckpoint({ origin, size, root: frontier.root() }), [signer])),
  );
  return ledger;
}

function entryBytes(input: Record<string, unknown>): Buffer {
  const parsed = parseEvent(input);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.rejection));
  const { open } = separate(parsed.event, { personal, pseudonym: (id) => id });
  const commitment = 'x'.repeat(43);
  return Buffer.from(
    entryJson({
      ledger: origin.slice(origin.lastIndexOf('/') + 1),
      ingestedAt: '2026-03-01T10:00:00.000Z',
      open,
      commitments: { actor: commitment, subject: commitment, text: commitment },
    }),
  );
}

function write(folder: string, path: string, bytes: Uint8Array): void {
  const file = join(folder, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, bytes);
}
