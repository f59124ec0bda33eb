import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TestServer } from './test-server.ts';

const program = fileURLToPath(new URL('../../packages/cli/bin/bitacora.mjs', import.meta.url));

/**
 * Runs `bitacora …` against a server as an operator does, and returns what it printed. @throws Error when it ends with an exit
 * code other than 0
 */
export async function runBitacora(
  server: Pick<TestServer, 'url' | 'key'>,
  parameters: readonly string[],
): Promise<string> {
  const args = ['--conditions=bitacora:source', program, ...parameters];
  const env = { ...process.env, BITACORA_URL: server.url, BITACORA_API_KEY: server.key };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { env }, (error, stdout, stderr) =>
      error
        ? reject(new Error(`bitacora ${parameters.join(' ')} ended with ${String(error.code)}: ${stderr}`))
        : resolve(stdout),
    );
  });
}
