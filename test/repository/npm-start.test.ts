import { afterEach, expect, test } from 'vitest';
import { plantCheckout } from './planted-checkout.ts';

const main = 'packages/server/src/main.ts';
const checkouts: { readonly remove: () => Promise<void> }[] = [];
afterEach(async () => {
  for (const checkout of checkouts.splice(0)) await checkout.remove();
});

test('npm start runs the server with the pinned Node.js and passes its arguments on', async () => {
  const checkout = await planted({
    [main]:
      'const words: string[] = process.argv.slice(2); console.log([...process.execArgv, ...words].join(" "));',
  });
  const { code, output } = await checkout.start('scripts/start.mjs', '--port', '4001').ended;
  expect(output.trim()).toBe('--conditions=bitacora:source --max-semi-space-size=64 serve --port 4001');
  expect(code).toBe(0);
});

test('npm start ends with the exit code of the server', async () => {
  const checkout = await planted({ [main]: 'process.exit(7);' });
  expect(await checkout.start('scripts/start.mjs').ended).toMatchObject({ code: 7 });
});

test.each(['SIGTERM', 'SIGINT'] as const)(
  'npm start hands %s to the server and waits for it',
  async (signal) => {
    const checkout = await planted({
      [main]: `process.on('${signal}', () => setTimeout(() => { console.log('closed'); process.exit(3); }, 200));
      setInterval(() => {}, 1000); console.log('ready');`,
    });
    const server = checkout.start('scripts/start.mjs');
    await server.says('ready');
    server.signal(signal);
    const { code, output } = await server.ended;
    expect(output).toContain('closed');
    expect(code).toBe(3);
  },
);

test('npm start installs when node_modules is missing, and reports the reason when that fails', async () => {
  const checkout = await planted({ 'node_modules/.package-lock.json': '{"packages":{}}' });
  const { code, output } = await checkout.start('scripts/start.mjs').ended;
  expect(output).toContain('Installing dependencies (left differs from package-lock.json)');
  expect(output).toContain('npm ci');
  expect(output).toContain('`npm ci` failed');
  expect(code).toBe(2);
});

test.each([
  ['another version', { 'node_modules/left': { version: '1.0.1' } }, true],
  [
    'a package that is not there',
    { 'node_modules/left': { version: '1.0.0' }, 'node_modules/new': { version: '1.0.0' } },
    true,
  ],
  [
    'an optional package for another machine',
    { 'node_modules/left': { version: '1.0.0' }, 'node_modules/new': { version: '1.0.0', optional: true } },
    false,
  ],
  [
    'a workspace’s own entry',
    { 'node_modules/left': { version: '1.0.0' }, 'packages/new': { version: '1.0.0' } },
    false,
  ],
])('a lockfile with %s needs an installation: %s', async (_, packages, installs) => {
  const checkout = await planted({
    'package-lock.json': JSON.stringify({ packages }),
    [main]: 'process.exit(0);',
  });
  const { output } = await checkout.start('scripts/start.mjs').ended;
  expect(output.includes('Installing dependencies')).toBe(installs);
});

test('npm start names the files that an incomplete checkout lacks', async () => {
  const checkout = await planted({});
  const { code, output } = await checkout.start('scripts/start.mjs').ended;
  expect(output).toContain(main);
  expect(code).toBe(2);
});

async function planted(files: Readonly<Record<string, string>>) {
  const checkout = await plantCheckout({ files });
  checkouts.push(checkout);
  return checkout;
}
