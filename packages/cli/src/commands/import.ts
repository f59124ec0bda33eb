import { basename } from 'node:path';
import type { Command } from 'commander';
import { connect, connectionOf, withConnection, type ConnectionOptions } from '../connection.ts';
import { importFile, type ImportSummary } from '../import/import-file.ts';
import { readImportMap } from '../import/import-map.ts';
import { openImportProgress } from '../import/import-progress.ts';
import type { Exit } from '../exit.ts';
import { createProgress } from '../progress.ts';
import { wholeNumber } from '../whole-number.ts';

interface Options extends ConnectionOptions {
  readonly map: string;
  readonly ledger?: string;
  readonly report?: string;
  readonly dryRun?: true;
  readonly batch: number;
  readonly json?: true;
}

/** `bitacora import FILE --map MAP.yaml`. */
export function addImport(program: Command, exit: Exit): void {
  withConnection(program.command('import'))
    .description('import a CSV, JSON or NDJSON file, plain or .gz; importing it again adds nothing')
    .argument('<file>')
    .requiredOption('--map <map.yaml>', 'how rows become events (see examples/import)')
    .option('--ledger <name>', "instead of the tenant's default ledger")
    .option(
      '--report <rejected.ndjson>',
      'where rejected rows go (default: FILE.rejected.ndjson in this folder)',
    )
    .option('--dry-run', 'read and check everything, send nothing')
    .option('--batch <events>', 'events in one request', wholeNumber, 500)
    .option('--json', 'the summary as JSON')
    .action(async (file: string, options: Options) => {
      const map = await readImportMap(options.map);
      const reportFile = options.report ?? `${basename(file)}.rejected.ndjson`;
      const progress = createProgress('import');
      const client = options.dryRun === true ? undefined : connect(options);
      const identity = [
        map.name,
        map.version,
        connectionOf(options).url,
        options.ledger ?? '',
        String(client === undefined),
      ];
      const position = await openImportProgress(file, identity);
      try {
        const { ledger, batch: batchSize } = options;
        const summary = await importFile({
          file,
          map,
          ledger,
          batchSize,
          client,
          reportFile,
          position,
          progress,
        });
        progress.end();
        process.stdout.write(
          options.json === true ? `${JSON.stringify(summary)}\n` : describe(summary, options.dryRun === true),
        );
        if (summary.rejected > 0) process.stderr.write(`${summary.rejected} rejected: see ${reportFile}\n`);
        exit(summary.rejected > 0 ? 1 : 0);
      } finally {
        progress.end();
      }
    });
}

function describe(summary: ImportSummary, dryRun: boolean): string {
  const { rows, events, accepted, expired, duplicates, resumed, rejected, seconds } = summary;
  const again =
    expired > 0 ? ` (${expired} older than what retention removed: they may have been stored before)` : '';
  const went = dryRun
    ? 'nothing sent (dry run)'
    : `${accepted} accepted${again}, ${duplicates} there before${resumed > 0 ? `, ${resumed} sent by an earlier run` : ''}`;
  return `${rows} rows, ${events} events: ${went}, ${rejected} rejected, ${seconds} s\n`;
}
