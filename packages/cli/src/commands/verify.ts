import { readFile } from 'node:fs/promises';
import { createEd25519Verifier, formatVerifierKey, parseVerifierKey, type Verifier } from '@bitacora/tlog';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { connectionOf, withConnection, type ConnectionOptions } from '../connection.ts';
import type { Exit } from '../exit.ts';
import { createProgress, type Progress } from '../progress.ts';
import { keptLeaves } from '../verify/kept-leaves.ts';
import { ledgerFromFolder } from '../verify/ledger-from-folder.ts';
import { ledgerFromServer } from '../verify/ledger-from-server.ts';
import { readValues } from '../verify/read-values.ts';
import { readReceipts } from '../verify/read-receipts.ts';
import { runVerification, type Verification } from '../verify/run-verification.ts';
import { splitNotes } from '../verify/split-notes.ts';

interface Options extends ConnectionOptions {
  readonly from?: string;
  readonly ledger?: string;
  readonly checkpoint: readonly string[];
  readonly receipt: readonly string[];
  readonly leaves?: string;
  readonly vkey?: string;
  readonly minimumIndex?: string;
  readonly save?: string;
  readonly entries: string;
  readonly values: boolean;
  readonly json?: true;
}

const collect = (value: string, earlier: readonly string[]): string[] => [...earlier, value];

/**
 * `bitacora verify`: the exit code is 0 when everything is as signed, 1 when something differs, 2 when verifying is not
 * possible.
 */
export function addVerify(program: Command, exit: Exit): void {
  withConnection(program.command('verify'))
    .description(
      'recompute a ledger from its entries and compare it with its signed checkpoints; needs no database',
    )
    .option('--from <url|folder>', 'a server, …/v1/tlog/NAME, or a folder in C2SP layout (default: --url)')
    .option('--ledger <name>', 'which ledger, when --from does not name one (default: the name in the key)')
    .option('--checkpoint <file>', 'signed notes kept elsewhere; may be repeated', collect, [])
    .option('--receipt <file>', 'answers of POST /v1/events kept by the host; may be repeated', collect, [])
    .option(
      '--leaves <file>',
      'leaf hashes kept outside the database: the first entry that differs is named exactly',
    )
    .option('--vkey <key|@file>', 'the key with which the ledger must be signed')
    .option(
      '--minimum-index <n>',
      'entries before it may be purged; 0: none (default: as the ledger states, by its record of purges)',
    )
    .option('--save <folder>', 'download the ledger first, to verify it again without the server')
    .option(
      '--entries <kind>',
      'what the entries are: bitacora, or any for a C2SP log of another program, whose entries are not parsed',
      'bitacora',
    )
    .option('--no-values', 'do not also read all values and compare them with the entries (servers only)')
    .option('--json')
    .action(async (options: Options) => {
      const { verifier, auditVerifier } = await verifiersOf(options.vkey);
      const entries = entriesOf(options.entries);
      const progress = createProgress('verify');
      const leaves = options.leaves === undefined ? undefined : keptLeaves(options.leaves);
      try {
        const verdict = await runVerification({
          ...placeOf(options, { verifier, progress }),
          verifier,
          auditVerifier,
          entries,
          checkpoints: (await Promise.all(options.checkpoint.map(notesIn))).flat(),
          receipts: (
            await Promise.all(options.receipt.map(async (file) => readReceipts(await textOf(file), file)))
          ).flat(),
          keptLeaf: leaves?.keptLeaf,
          minimumIndex: options.minimumIndex === undefined ? undefined : indexOf(options.minimumIndex),
          save: options.save,
          progress,
        });
        progress.end();
        process.stdout.write(options.json === true ? `${JSON.stringify(verdict)}\n` : `${verdict.text}\n`);
        exit(verdict.ok ? 0 : 1);
      } finally {
        leaves?.close();
        progress.end();
      }
    });
}

/** The verifier of the ledger, and the one of its tenant's audit ledger: the same key under that ledger's name. */
async function verifiersOf(
  given: string | undefined,
): Promise<{ readonly verifier: Verifier; readonly auditVerifier: Verifier }> {
  if (given === undefined) {
    throw new CliError(
      'no --vkey: without a key from a source other than the server, nothing is proved.\n' +
        'The server states its key at /v1/tlog/NAME/key: get it once, compare it with the key that the operator gives you, and keep it.',
    );
  }
  const text = (given.startsWith('@') ? await textOf(given.slice(1)) : given).trim();
  const verifier = createEd25519Verifier(text);
  if (!verifier.ok) throw new CliError(`--vkey: not a verifier key (name+id+key): ${verifier.reason}`);
  return { verifier: verifier.value, auditVerifier: auditVerifierOf(text) ?? verifier.value };
}

function auditVerifierOf(vkey: string): Verifier | undefined {
  const parsed = parseVerifierKey(vkey);
  if (!parsed.ok) return undefined;
  const { name, algorithm, publicKey } = parsed.value;
  const [, prefix = '', tenant = ''] = /^(.*\/|)([^/.]+)[^/]*$/.exec(name) ?? [];
  const verifier = createEd25519Verifier(
    formatVerifierKey({ name: `${prefix}${tenant}.audit`, algorithm, publicKey }),
  );
  return verifier.ok ? verifier.value : undefined;
}

function entriesOf(text: string): 'bitacora' | 'any' {
  if (text === 'bitacora' || text === 'any') return text;
  throw new CliError('--entries: bitacora or any');
}

/** The files of the ledger, and the questions that its server answers. */
function placeOf(
  options: Options,
  { verifier, progress }: { readonly verifier: Verifier; readonly progress: Progress },
): Pick<Verification, 'files' | 'server'> {
  const { url, key } = connectionOf(options);
  const from = options.from ?? url;
  if (!/^https?:\/\//.test(from)) return { files: ledgerFromFolder(from), server: undefined };
  const named = options.ledger ?? verifier.name.slice(verifier.name.lastIndexOf('/') + 1);
  const files = ledgerFromServer(from, { ledger: named, key });
  const { client, ledger } = files;
  const server = {
    readValues: options.values
      ? (range: { first: number; end: number }) => readValues(client, { ledger, ...range }, progress)
      : undefined,
    resolveIds: (ids: readonly string[]) => client.tlog.indexes(ledger, ids),
  };
  return { files, server: options.entries === 'any' ? undefined : server };
}

async function notesIn(file: string): Promise<string[]> {
  const notes = splitNotes(await textOf(file));
  if (notes.length === 0) throw new CliError(`${file}: no signed note in it`);
  return notes;
}

async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw new CliError(`cannot read ${file}: ${error instanceof Error ? error.message : String(error)}`);
  });
}

function indexOf(text: string): number {
  if (/^\d{1,15}$/.test(text)) return Number(text);
  throw new CliError('--minimum-index: a whole number is needed');
}
