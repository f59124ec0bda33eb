import { spawnSync } from 'node:child_process';
import { createHash, hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createBundleReader, createEd25519Verifier, tilePath, verifyLedger } from '@bitacora/tlog';
import { ledgerFolder, type LedgerFolder } from './support/ledger-folder.ts';
import { median, type SpeedPromise } from './support/promise.ts';

const entries = 1_000_000;
const rounds = 3;
const program = fileURLToPath(new URL('../packages/cli/bin/bitacora.mjs', import.meta.url));

/** S11: recomputing a ledger from its entry bytes with the command that an auditor runs. */
export const verifySpeed: SpeedPromise = {
  id: 'S11',
  title: 'bitacora verify of a saved ledger',
  cost: '600 MB of disk, built once in half a minute',
  async measure({ directory, say }) {
    const ledger = await ledgerFolder(directory, entries);
    const times = { command: [] as number[], library: [] as number[], reading: [] as number[] };
    for (let round = 0; round < rounds; round++) {
      times.reading.push(seconds(() => readAndHash(ledger.folder)));
      times.command.push(seconds(() => runCommand(ledger)));
      const start = performance.now();
      await runLibrary(ledger);
      times.library.push((performance.now() - start) / 1_000);
      say(`round ${round + 1}: ${Math.round(entries / (times.command.at(-1) ?? NaN))} entries/s`);
    }
    const rate = (list: readonly number[]): number => entries / median(list);
    const value = rate(times.command);
    const reference = rate(times.reading);
    return {
      value,
      unit: 'entries/s',
      reference,
      ratio: value / reference,
      goal: '>= 300,000 entries/s',
      holds: value >= 300_000,
      notes: [
        'the whole process with its start; the reference reads the same files and hashes them once, in one thread',
        `the library alone, from the same files: ${Math.round(rate(times.library)).toLocaleString('en')} entries/s`,
      ],
    };
  },
};

function seconds(run: () => void): number {
  const start = performance.now();
  run();
  return (performance.now() - start) / 1_000;
}

function runCommand({ folder, verifierKey }: LedgerFolder): void {
  const { status, stderr } = spawnSync(
    process.execPath,
    ['--conditions=bitacora:source', program, 'verify', '--from', folder, '--vkey', verifierKey],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`verify ended with ${status}: ${stderr}`);
}

async function runLibrary({ folder, verifierKey, origin }: LedgerFolder): Promise<void> {
  const verifier = createEd25519Verifier(verifierKey);
  if (!verifier.ok) throw new Error(verifier.reason);
  const verdict = await verifyLedger(
    { readBundles: createBundleReader((tile) => readFileSync(join(folder, tilePath(tile))), entries) },
    {
      checkpoints: [readFileSync(join(folder, 'checkpoint'), 'utf8')],
      verifiers: [verifier.value],
      origin,
      sha: (data) => Buffer.from(hash('sha256', data, 'binary'), 'binary'),
    },
  );
  if (verdict.kind !== 'ok') throw new Error(JSON.stringify(verdict));
}

function readAndHash(folder: string): void {
  const whole = createHash('sha256');
  const files = readdirSync(join(folder, 'tile', 'entries'), { recursive: true, withFileTypes: true });
  for (const file of files) if (file.isFile()) whole.update(readFileSync(join(file.parentPath, file.name)));
  whole.digest();
}
