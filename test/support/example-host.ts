import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { TestServer } from './test-server.ts';

export interface ExampleHost {
  url: string;
  /** Sends a request with a JSON body by the user of that session. */
  call(method: string, path: string, body: unknown, session?: string): Promise<{ status: number; body: any }>;
  /** Sends SIGTERM. The host sends its events before it ends. Returns the text of its standard error. */
  stop(): Promise<string>;
}

/** Starts `examples/hosts/NAME/host.ts` in its own process, for a server; `secret` is the host's viewer key. */
export async function startExampleHost(
  name: string,
  { server, secret }: { server: TestServer; secret: string },
): Promise<ExampleHost> {
  const program = fileURLToPath(new URL(`../../examples/hosts/${name}/host.ts`, import.meta.url));
  const child = spawn(process.execPath, ['--conditions=bitacora:source', program], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...process.env,
      PORT: '0',
      BITACORA_URL: server.url,
      BITACORA_API_KEY: server.key,
      VIEWER_SECRET: secret,
    },
  });
  const exited = once(child, 'exit');
  let errorText = '';
  child.stderr.on('data', (chunk: Buffer) => (errorText += chunk.toString()));
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', (chunk: Buffer) => {
      const found = /listens on (http:\S+)/.exec(chunk.toString())?.[1];
      if (found) resolve(found.replace('[::1]', 'localhost'));
    });
    child.once('exit', (code) => reject(new Error(`the host ended with ${code}: ${errorText}`)));
  });
  return {
    url,
    async call(method, path, body, session = '') {
      const response = await fetch(url + path, {
        method,
        headers: { 'content-type': 'application/json', 'x-session': session, 'user-agent': 'Firefox' },
        ...(method === 'GET' ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: text === '' ? undefined : JSON.parse(text) };
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
      return errorText;
    },
  };
}
