import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { packTemplate } from '../pack-template.ts';

/** `bitacora pack new NAME`: a folder with a pack that holds, to be changed. */
export function addPack(program: Command): void {
  program
    .command('pack')
    .description('packs: domain add-ons')
    .command('new')
    .description('write packs/NAME: a declaration, its test and its package.json')
    .argument('<name>', 'kebab-case')
    .option('--dir <folder>', 'where packs are', 'packs')
    .action(async (name: string, { dir }: { readonly dir: string }) => {
      if (!/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/.test(name) || name.length > 40 || name === 'audit') {
        throw new CliError(`${name}: a name in kebab-case of at most 40 letters is needed`);
      }
      const folder = join(dir, name);
      await mkdir(dir, { recursive: true });
      await mkdir(folder).catch((error: unknown) => {
        throw new CliError(
          `cannot make ${folder}: ${error instanceof Error ? error.message : String(error)}`,
        );
      });
      for (const [file, text] of Object.entries(packTemplate(name)))
        await writeFile(join(folder, file), text);
      process.stdout.write(`${folder}\n`);
      process.stderr.write(`wrote ${folder}: edit pack.ts, then: npm install && npx vitest run ${folder}\n`);
    });
}
