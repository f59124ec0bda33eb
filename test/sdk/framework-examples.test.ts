import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestServer, type TestServer } from '../support/test-server.ts';

const examples = fileURLToPath(new URL('../../examples/', import.meta.url));
let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server?.dispose());

test.each(['express', 'fastify', 'hono', 'koa', 'nestjs'])(
  'D-04 C-02 the example host on %s records its requests, sessions and approvals',
  async (name) => {
    const { child, url } = await startHost(name);
    try {
      const agent = `newcomer-${name}`;
      const ask = (path: string, init: RequestInit = {}, session = ''): Promise<Response> =>
        fetch(url + path, {
          ...init,
          headers: { 'content-type': 'application/json', 'user-agent': agent, 'x-session': session },
        });
      const post = (path: string, body: object, session = ''): Promise<Response> =>
        ask(path, { method: 'POST', body: JSON.stringify(body) }, session);

      expect((await post('/login', { id: 'ana', password: 'guess' })).status).toBe(401);
      const login = await post('/login', { id: 'ana', password: 'correct horse' });
      expect(login.status).toBe(200);
      const { session } = (await login.json()) as { session: string };
      expect((await post('/invoices/1042/approve', {})).status).toBe(403);
      expect((await post('/invoices/1042/approve', {}, session)).status).toBe(200);
      expect((await ask('/report', {}, session)).status).toBe(500);
      expect((await ask('/health')).status).toBe(200);
      expect((await post('/logout', {}, session)).status).toBe(204);
      // With `closeOnExit` the example ends by itself after it has sent everything.
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      await exited;

      const { body } = await server.json('/v1/events?limit=100');
      const mine = body.entries
        .map(({ event }: any) => event)
        .filter((event: any) => event.client.userAgent === agent);
      const count = (action: string): number => mine.filter((event: any) => event.action === action).length;
      expect({
        requests: count('http.request'),
        logins: count('session.login'),
        failedLogins: count('session.login_failed'),
        logouts: count('session.logout'),
        denied: count('access.denied'),
        errors: count('system.error'),
        approvals: count('invoice.approve'),
      }).toEqual({ requests: 6, logins: 1, failedLogins: 1, logouts: 1, denied: 1, errors: 1, approvals: 1 });
      const of = (action: string): any => mine.find((event: any) => event.action === action);
      expect(of('invoice.approve')).toMatchObject({
        actor: { id: 'ana' },
        request: { method: 'POST', url: '/invoices/1042/approve' },
        client: { ip: '127.0.0.1' },
        changes: [{ path: 'state', before: 'open', after: 'approved' }],
      });
      expect(of('session.logout').actor.id).toBe('ana');
      expect(of('system.error').error.message).toBe('the printer is on fire');
      expect(JSON.stringify(mine)).not.toMatch(/correct horse|guess/);
    } finally {
      child.kill('SIGKILL');
    }
  },
);

test.each([
  ['bash', 'events.sh', 'curl'],
  ['python3', 'events.py', 'python'],
])('F-12 %s examples/http/%s writes events without any library', async (program, file, from) => {
  for (const needed of new Set([program, from === 'curl' ? 'curl' : program]))
    expect(
      spawnSync(needed, ['--version']).error,
      `${needed} must be installed for this example`,
    ).toBeUndefined();
  // The program runs asynchronously, because the test must read the server's output meanwhile.
  const child = spawn(program, [`${examples}http/${file}`], {
    env: { ...process.env, BITACORA_URL: server.url, BITACORA_API_KEY: server.key },
  });
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const [code] = await once(child, 'close');
  expect({ code, printed }).toMatchObject({ code: 0 });
  if (from === 'curl') {
    const [first, again] = printed
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(first).toMatchObject({ accepted: 1, duplicates: 0 });
    expect(again).toMatchObject({ accepted: 0, duplicates: 1 });
    expect(again.results[0].leafHash).toBe(first.results[0].leafHash);
  } else expect(printed).toBe('accepted 2 rejected 1 duplicates 2\n');
  const { body } = await server.json(`/v1/events?q=${encodeURIComponent(`attributes.from:${from}`)}`);
  expect(body.entries.map(({ event }: any) => event.action)).toEqual(
    from === 'curl' ? ['invoice.approve'] : expect.arrayContaining(['invoice.approve', 'invoice.print']),
  );
});

async function startHost(name: string): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(
    process.execPath,
    ['--conditions=bitacora:source', `${examples}hosts/${name}/host.ts`],
    {
      env: { ...process.env, BITACORA_URL: server.url, BITACORA_API_KEY: server.key, PORT: '0' },
    },
  );
  let printed = '';
  const url = await new Promise<string>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      printed += chunk.toString();
      const [, found] = /listens on (http:\S+)/.exec(printed) ?? [];
      if (found !== undefined) resolve(found);
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', (code) => reject(new Error(`the host ended with ${code}:\n${printed}`)));
  });
  return { child, url };
}
