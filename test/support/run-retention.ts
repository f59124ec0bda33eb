import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TestServer } from './test-server.ts';

const program = fileURLToPath(new URL('../../packages/cli/bin/bitacora.mjs', import.meta.url));

/** `bitacora retention run …` as an operator runs it: what it printed. @throws Error when it ends with another code than 0 */
export async function runRetention(server: TestServer, parameters: readonly string[] = []): Promise<string> {
  const args = ['--conditions=bitacora:source', program, 'retention', 'run', ...parameters];
  const env = { ...process.env, BITACORA_URL: server.url, BITACORA_API_KEY: server.key };
  return new Promise((resolve, reject) => {
    execFile(process.execPath, args, { env }, (error, stdout, stderr) =>
      error ? reject(new Error(`retention run failed: ${stderr}`)) : resolve(stdout),
    );
  });
}
