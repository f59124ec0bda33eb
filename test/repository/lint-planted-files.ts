import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { root } from './workspaces.ts';

const report = z.object({ diagnostics: z.array(z.object({ code: z.string(), filename: z.string() })) });

/**
 * Writes `files` (path in the repository → source) into an empty folder and lints them there with the repository's
 * configuration. Returns for each path the codes of the rules that it breaks.
 */
export async function lintPlantedFiles(
  files: Readonly<Record<string, string>>,
): Promise<Map<string, string[]>> {
  const folder = await mkdtemp(join(tmpdir(), 'bitacora-lint-'));
  try {
    for (const file of ['.oxlintrc.json', 'tsconfig.base.json'])
      await cp(join(root, file), join(folder, file));
    await symlink(join(root, 'node_modules'), join(folder, 'node_modules'));
    const tsconfig = { extends: './tsconfig.base.json', compilerOptions: { noEmit: true, composite: false } };
    await writeFile(
      join(folder, 'tsconfig.json'),
      JSON.stringify({ ...tsconfig, include: ['**/*.ts', '**/*.tsx'] }),
    );
    for (const [path, source] of Object.entries(files)) {
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), source);
    }
    const { diagnostics } = report.parse(JSON.parse(await lint(folder)));
    return new Map(Object.keys(files).map((path) => [path, codesOf(diagnostics, path)]));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function codesOf(diagnostics: z.infer<typeof report>['diagnostics'], path: string): string[] {
  return diagnostics.filter(({ filename }) => filename === path).map(({ code }) => code);
}

/** The linter ends with exit code 1 when it reports something, which is expected here. */
function lint(folder: string): Promise<string> {
  const program = join(root, 'node_modules', 'oxlint', 'bin', 'oxlint');
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [program, '--type-aware', '--format=json', '.'],
      { cwd: folder, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (stdout.startsWith('{')) resolve(stdout);
        else reject(error ?? new Error(`oxlint gave no report: ${stdout}${stderr}`));
      },
    );
  });
}
