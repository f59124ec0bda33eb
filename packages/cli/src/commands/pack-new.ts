import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { packTemplate } from '../pack-template.ts';

const nameLengthMaxChars = 40;

/** `bitacora pack new NAME`: writes a folder with a valid pack that its author then changes. */
export function addPack(program: Command): void {
  program
    .command('pack')
    .description('packs: domain add-ons')
    .command('new')
    .description('write packs/NAME: a declaration, its test and its package.json')
    .argument('<name>', 'kebab-case')
    .option('--dir <folder>', 'where packs are', 'packs')
    .action(async (name: string, { dir }: { readonly dir: string }) => {
      if (!isPackName(name))
        throw new CliError(
          `<name>: ${name} is not kebab-case of at most ${nameLengthMaxChars} letters, or is taken`,
        );
      const folder = join(dir, name);
      await makeFolder(folder, dir);
      for (const [file, text] of Object.entries(packTemplate(name)))
        await writeFile(join(folder, file), text, { flag: 'wx' });
      process.stdout.write(`${folder}\n`);
      process.stderr.write(`wrote ${folder}: edit pack.ts, then: npm install && npx vitest run ${folder}\n`);
    });
}

/** The same rule as in `definePack`. Bitácora uses the name `audit` itself. */
function isPackName(name: string): boolean {
  return (
    /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name) && name.length <= nameLengthMaxChars && name !== 'audit'
  );
}

async function makeFolder(folder: string, dir: string): Promise<void> {
  await mkdir(dir, { recursive: true }).catch((error: unknown) => {
    throw new CliError(`--dir: ${dir}: ${error instanceof Error ? error.message : String(error)}`);
  });
  await mkdir(folder).catch((error: unknown) => {
    const exists = error instanceof Error && 'code' in error && error.code === 'EEXIST';
    const why = error instanceof Error ? error.message : String(error);
    throw new CliError(`<name>: ${exists ? `${folder} is there already` : why}`);
  });
}
