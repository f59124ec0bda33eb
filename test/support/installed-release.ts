import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { readWorkspaces, root } from '../repository/workspaces.ts';
import { patienceMs } from './wait-until.ts';

const run = promisify(execFile);

/** A folder outside the checkout in which the tarballs of a release are installed. It has no packages of the checkout. */
export interface InstalledRelease {
  /** The folder. Its package.json says CommonJS, as `npm init` writes it. */
  folder: string;
  tarballs: readonly string[];
  /** The environment of its processes. The pinned Node.js is the first in the path, and no variable points to sources. */
  environment: Record<string, string | undefined>;
  /** Runs a shell command in the folder, which may call `bitacora`; returns what it printed. @throws Error when it fails */
  shell(command: string, environment?: Record<string, string>): Promise<string>;
  remove(): void;
}

/**
 * Packs the release and installs it with npm, without install scripts. By default foreign packages are linked from the
 * checkout, which has the versions of the lockfile, so that no network is needed. Otherwise they come from the registry.
 */
export async function installRelease(others: 'linked' | 'registry' = 'linked'): Promise<InstalledRelease> {
  const folder = mkdtempSync(join(tmpdir(), 'bitacora-installed-'));
  // When the tests run as root, the embedded PostgreSQL runs as another user.
  chmodSync(folder, 0o755);
  const path = [join(folder, 'node_modules/.bin'), dirname(process.execPath), process.env['PATH']];
  const environment = {
    ...process.env,
    PATH: path.join(delimiter),
    NODE_OPTIONS: undefined,
    BITACORA_LOG_LEVEL: 'warn',
  };
  const options = { cwd: folder, env: environment };
  const packed = await run(
    process.execPath,
    [join(root, 'scripts/pack-packages.mjs'), join(folder, 'release')],
    options,
  );
  const tarballs = packed.stdout.trim().split('\n');
  writeFileSync(join(folder, 'package.json'), '{ "name": "host", "private": true, "type": "commonjs" }\n');
  // Scripts of linked packages belong to their own checkouts.
  const flags = ['--ignore-scripts', '--no-audit', '--no-fund'];
  const from = others === 'linked' ? ['--offline', ...packagesOfOthers()] : ['--prefer-offline'];
  await run('npm', ['install', ...flags, ...tarballs, ...from], options);
  return {
    folder,
    tarballs,
    environment,
    async shell(command, more = {}) {
      const env = { ...environment, ...more };
      const { stdout } = await run('sh', ['-ec', command], { cwd: folder, env, timeout: 5 * patienceMs });
      return stdout;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** The name that `npm pack` gives to the tarball of a package. */
export function tarballName({ name, version }: { name: string; version: string }): string {
  return `${name.replace('@', '').replace('/', '-')}-${version}.tgz`;
}

/** The folders in the checkout of the packages on which its published packages depend. */
function packagesOfOthers(): readonly string[] {
  const found = readWorkspaces()
    .filter((workspace) => !workspace.private)
    .flatMap(({ folder, dependencies }) =>
      Object.keys(dependencies)
        .filter((name) => !name.startsWith('@bitacora/'))
        .map((name) => {
          const own = join(root, folder, 'node_modules', name);
          return existsSync(own) ? own : join(root, 'node_modules', name);
        }),
    );
  return [...new Map(found.map((path) => [basename(dirname(path)) + basename(path), path])).values()];
}
