import { createPrivateKey, sign as signBytes } from 'node:crypto';
import { createEd25519Signer, type Signer } from '@bitacora/tlog';
import type { Database } from '../storage/index.ts';
import type { CheckpointFile } from './checkpoints.ts';
import { createIntegrator, type Integrator } from './integrate.ts';
import type { LeafFile } from './leaf-file.ts';
import { createPendingLeaves } from './pending-leaves.ts';
import type { RecentEvents } from './recent-events.ts';
import type { LedgerRow } from './sealed-event.ts';
import type { Segments } from './segments.ts';
import { createWriter, type Writer } from './writer.ts';

/** A ledger that this process has opened, with its one writer and its one integrator. */
export interface OpenLedger {
  readonly signer: Signer;
  readonly recent: RecentEvents;
  readonly writer: Writer;
  readonly integrator: Integrator;
}

export interface OpenLedgerOptions {
  readonly database: Database;
  readonly segments: Segments;
  /** Signs all trees of the installation: 32 bytes. */
  readonly signingSeed: Buffer;
  readonly checkpointFile: CheckpointFile;
  readonly leafFile: LeafFile;
  readonly recent: RecentEvents;
  /** Compares the ledger with its checkpoints outside the database. @throws unavailable when something was put back */
  readonly compare: (ledger: LedgerRow) => Promise<void>;
  /** Called after each commit. */
  readonly onAppended: (ledger: LedgerRow, count: number) => void;
}

export function openLedger(ledger: LedgerRow, options: OpenLedgerOptions): OpenLedger {
  const { database, segments, checkpointFile, leafFile, recent } = options;
  const leaves = createPendingLeaves();
  const signer = signerOf(ledger, options.signingSeed);
  const writer = createWriter({
    ledger,
    database,
    segments,
    compare: () => options.compare(ledger),
    onAppended({ firstIndex, events }) {
      leaves.add(firstIndex, events);
      recent.add(firstIndex, events);
      options.onAppended(ledger, events.length);
    },
  });
  const integrator = createIntegrator({
    ledger,
    database,
    signer,
    leafHashes: leaves.take,
    keepLeaves: (first, hashes) => leafFile.keep(ledger.name, first, hashes),
    publish: ({ note }) => checkpointFile.append(ledger.name, note),
  });
  return { signer, recent, writer, integrator };
}

/** One key signs all trees of an installation; the name of each signer is the tree's origin. */
export function signerOf(ledger: LedgerRow, seed: Buffer): Signer {
  const signer = createEd25519Signer({ name: ledger.origin, seed });
  // DER prefix of an Ed25519 private key (RFC 8410). Signing with Node's own function takes 46 µs.
  const key = createPrivateKey({
    key: Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]),
    format: 'der',
    type: 'pkcs8',
  });
  return Object.freeze({ ...signer, sign: (message: Uint8Array) => signBytes(null, message, key) });
}
