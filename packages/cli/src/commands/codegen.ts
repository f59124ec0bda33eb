import { readFile, writeFile } from 'node:fs/promises';
import type { PackDescription } from '@bitacora/client';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { catalogueOf } from '../codegen/catalogue.ts';
import { eventsFile, isEventsFile } from '../codegen/events-file.ts';
import { connect, withConnection, type ConnectionOptions } from '../connection.ts';
import type { Exit } from '../exit.ts';

interface Options extends ConnectionOptions {
  readonly out?: string;
  readonly pack: readonly string[];
  readonly check?: true;
}

/** `bitacora codegen`: writes the actions of the server's packs as TypeScript types for the host. */
export function addCodegen(program: Command, exit: Exit): void {
  withConnection(program.command('codegen'))
    .description("write the events that the server's packs declare as TypeScript, for the host's compiler")
    .option('--out <file>', 'such as src/audit-events.ts; absent: standard output')
    .option('--pack <name>', 'only the events of this pack (repeat)', collect, [])
    .option('--check', 'write nothing; exit code 1 when the file is not what the server declares now')
    .action(async (options: Options) => {
      const { out, check } = options;
      if (check === true && out === undefined) throw new CliError('--out: needed by --check');
      const packs = chosen(await connect(options).packs.list(), options.pack);
      const text = eventsFile(catalogueOf(packs));
      if (out === undefined) return void process.stdout.write(text);
      const existing = await readIfThere(out);
      const isCurrent = existing === text;
      if (check === true) {
        if (!isCurrent) process.stderr.write(`${out} is not what the server declares: bitacora codegen\n`);
        return exit(isCurrent ? 0 : 1);
      }
      if (existing !== undefined && existing !== '' && !isEventsFile(existing))
        throw new CliError(`--out: ${out} was not made by codegen, so it is not replaced`);
      if (!isCurrent) await writeFile(out, text).catch(asUsage);
      process.stdout.write(`${out}${isCurrent ? ' (unchanged)' : ''}\n`);
    });
}

function chosen(packs: readonly PackDescription[], names: readonly string[]): readonly PackDescription[] {
  if (packs.length === 0) throw new CliError('--url: this server has no packs, which declare the events');
  for (const name of names) {
    if (packs.some((pack) => pack.name === name)) continue;
    throw new CliError(`--pack: ${name} is not one of ${packs.map((pack) => pack.name).join(', ')}`);
  }
  return names.length === 0 ? packs : packs.filter(({ name }) => names.includes(name));
}

/** The text of a file; undefined when it does not exist yet. */
async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    return asUsage(error);
  }
}

function asUsage(error: unknown): never {
  throw new CliError(`--out: ${error instanceof Error ? error.message : String(error)}`);
}

function collect(value: string, values: readonly string[]): readonly string[] {
  return [...values, value];
}
