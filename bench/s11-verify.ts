import { hash } from 'node:crypto';
import {
  createEd25519Signer,
  createEd25519Verifier,
  createFrontier,
  createLeafHasher,
  formatCheckpoint,
  formatVerifierKey,
  signNote,
  verifyLedger,
} from '@bitacora/tlog';
import { median, type SpeedPromise } from './support/promise.ts';

const entries = 500_000;
const entryBytes = 650;

/** S11: recomputing a ledger from its entry bytes. */
export const verifySpeed: SpeedPromise = {
  id: 'S11',
  title: 'verify a ledger: the library alone, entries in memory',
  cost: '500 MB of memory, 10 seconds',
  async measure({ say }) {
    const sha = (data: Uint8Array): Buffer => Buffer.from(hash('sha256', data, 'binary'), 'binary');
    const bytes = Array.from({ length: entries }, (_, index) =>
      Buffer.from(`{"index":${index},"pad":"${'x'.repeat(entryBytes)}`.slice(0, entryBytes)),
    );
    const leafHash = createLeafHasher(sha);
    const frontier = createFrontier(undefined, sha);
    for (const entry of bytes) frontier.append(leafHash(entry));
    const signer = createEd25519Signer({ name: 'bench/ledger', seed: new Uint8Array(32).fill(7) });
    const verifier = createEd25519Verifier(formatVerifierKey(signer));
    if (!verifier.ok) throw new Error(verifier.reason);
    const note = await signNote(
      formatCheckpoint({ origin: 'bench/ledger', size: entries, root: frontier.root() }),
      [signer],
    );
    const source = {
      async *readBundles(from: number): AsyncGenerator<{ index: number; entries: Uint8Array[] }> {
        for (let index = from; index < entries; index += 256)
          yield { index, entries: bytes.slice(index, index + 256) };
      },
    };
    const rates: number[] = [];
    const hashing: number[] = [];
    for (let round = 0; round < 5; round++) {
      let start = performance.now();
      for (const entry of bytes) sha(entry);
      hashing.push(entries / ((performance.now() - start) / 1000));
      start = performance.now();
      const verdict = await verifyLedger(source, {
        checkpoints: [note],
        verifiers: [verifier.value],
        origin: 'bench/ledger',
        sha,
      });
      if (verdict.kind !== 'ok') throw new Error(JSON.stringify(verdict));
      rates.push(entries / ((performance.now() - start) / 1000));
      say(`round ${round + 1}: ${Math.round(rates.at(-1) ?? 0)} entries/s`);
    }
    const value = median(rates);
    const reference = median(hashing);
    return {
      value,
      unit: 'entries/s',
      reference,
      ratio: value / reference,
      goal: '>= 300,000 entries/s',
      holds: value >= 300_000,
      notes: [`entries of ${entryBytes} bytes from memory; the reference is one SHA-256 an entry`],
    };
  },
};
