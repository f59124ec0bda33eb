import { execFile } from 'node:child_process';
import { basename, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

const tsc = fileURLToPath(new URL('../../node_modules/typescript/bin/tsc', import.meta.url));

/**
 * Compiles a file with standard decorators to a module, because no version of Node runs their syntax. The file may import only
 * types.
 */
export async function compileDecorators(file: string, folder: string): Promise<any> {
  const options = [
    '--ignoreConfig',
    '--noCheck',
    '--outDir',
    folder,
    '--target',
    'es2022',
    '--module',
    'esnext',
  ];
  await promisify(execFile)(process.execPath, [tsc, file, ...options]);
  return import(/* @vite-ignore */ pathToFileURL(join(folder, basename(file).replace(/ts$/, 'js'))).href);
}
