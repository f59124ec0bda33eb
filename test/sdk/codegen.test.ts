import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startWithPacks } from '../support/start-with-pack.ts';
import type { TestServer } from '../support/test-server.ts';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const program = join(checkout, 'packages/cli/bin/bitacora.mjs');
const library = { folder: '../examples/pack-minimal', exported: 'library' };
const closing = { folder: 'accounting-closing', exported: 'accountingClosing' };
const condominium = { folder: 'condominium', exported: 'condominium' };

let server: TestServer;
/** The folder of the host application. It finds the packages as if they were installed there. */
let host: string;
let file: string;
beforeAll(async () => {
  server = await startWithPacks([library, closing, condominium]);
  host = mkdtempSync(join(tmpdir(), 'bitacora-codegen-'));
  file = join(host, 'audit-events.ts');
  symlinkSync(join(checkout, 'node_modules'), join(host, 'node_modules'));
  const compilerOptions = { noEmit: true, composite: false, types: ['node'] };
  const config = { extends: join(checkout, 'tsconfig.base.json'), compilerOptions, include: ['*.ts'] };
  writeFileSync(join(host, 'tsconfig.json'), JSON.stringify(config));
  writeFileSync(join(host, 'package.json'), '{ "type": "module" }');
});
afterAll(async () => {
  rmSync(host, { recursive: true, force: true });
  await server?.dispose();
});

interface Ran {
  code: number;
  out: string;
  error: string;
}

function run(args: readonly string[]): Promise<Ran> {
  const env = { ...process.env, BITACORA_URL: server.url, BITACORA_API_KEY: server.key };
  return new Promise((resolve) =>
    execFile(process.execPath, [...args], { cwd: host, env }, (failure, out, error) =>
      resolve({ code: failure ? Number(failure.code ?? 1) : 0, out, error }),
    ),
  );
}
const codegen = (...args: string[]): Promise<Ran> =>
  run(['--conditions=bitacora:source', program, 'codegen', ...args]);
const compile = (): Promise<Ran> => run([join(checkout, 'node_modules/typescript/bin/tsc'), '-p', host]);

function writeHost(lines: readonly string[]): void {
  writeFileSync(
    join(host, 'host.ts'),
    `import { createAudit } from '@bitacora/sdk';
import { actionLabels, auditEvents, type AuditEvent } from './audit-events.ts';

const audit = createAudit({ name: 'lending-desk', mode: 'strict' });
const { capture } = auditEvents.typed(audit);
const actor = { id: 'lia' };
const last: AuditEvent['action'] = 'book.return';
console.log(actionLabels[last].es);
${lines.join('\n')}
await audit.close();
`,
  );
}

const right = [
  `await capture({ action: 'book.lend', actor, attributes: { branch: 'north', dueOn: '2026-03-01' } });`,
  `await capture({ action: 'book.return', actor });`,
  `await capture({ action: 'payment.register', actor, attributes: { tipo_actividad: 'pago', anything: [1] } });`,
];
const wrong = [
  [`await capture({ action: 'book.lent', actor });`, /book\.lent/],
  [`await capture({ action: 'book.lend', actor, attributes: { colour: 'red' } });`, /colour/],
  [`await capture({ action: 'book.lend', actor, attributes: { branch: 5 } });`, /'number' is not assignable/],
  [`await capture({ action: 'card.activity', actor, attributes: { resultado: 'bien' } });`, /"bien"/],
  [`await capture({ action: 'book.lend', actor, colour: 'red' });`, /colour/],
] as const;

test('SDK-6 the packs of a server are written as TypeScript that compiles, and its events arrive', async () => {
  expect(await codegen('--out', file)).toEqual({ code: 0, out: `${file}\n`, error: '' });
  const text = readFileSync(file, 'utf8');
  expect(text).toMatch(/^\/\/ Made by .*\n\/\/ Catalogue sha256:[\da-f]{64}\n/);
  expect(text).toContain("  /** Book lent */\n  'book.lend': { attributes: attributes['library'] },");
  writeHost(right);
  expect(await compile()).toEqual({ code: 0, out: '', error: '' });
  const { out, error } = await run(['--conditions=bitacora:source', 'host.ts']);
  expect([out, error]).toEqual(['Libro devuelto\n', '']);
  const { body } = await server.json('/v1/events?actor=lia&limit=10');
  expect(body.entries.map((entry: any) => entry.event.action).toSorted()).toEqual([
    'book.lend',
    'book.return',
    'payment.register',
  ]);
});

test('SDK-6 a wrong action, attribute or value is an error of the compiler, each at its line', async () => {
  await codegen('--out', file);
  writeHost(wrong.map(([line]) => line));
  const { code, out } = await compile();
  expect(code).not.toBe(0);
  const errors = out.split(/\n(?=host\.ts)/);
  expect(errors).toHaveLength(wrong.length);
  const from = readFileSync(join(host, 'host.ts'), 'utf8').split('\n').indexOf(wrong[0][0]) + 1;
  for (const [at, [, says]] of wrong.entries()) {
    expect(errors[at]).toMatch(new RegExp(`^host\\.ts\\(${from + at},`));
    expect(errors[at]).toMatch(says);
  }
});

test('SDK-6 the same catalogue gives the same bytes, and --check fails when the file is stale', async () => {
  await codegen('--out', file);
  const text = readFileSync(file, 'utf8');
  const { mtimeMs } = statSync(file);
  const packs = ['condominium', 'library', closing.folder].flatMap((name) => ['--pack', name]);
  const [check, again, printed, named, one] = await Promise.all([
    codegen('--out', file, '--check'),
    codegen('--out', file),
    codegen(),
    codegen(...packs),
    codegen('--pack', 'library'),
  ]);
  expect(check).toEqual({ code: 0, out: '', error: '' });
  expect(again.out).toBe(`${file} (unchanged)\n`);
  expect(printed.out).toBe(text);
  expect(named.out).toBe(text);
  expect(statSync(file).mtimeMs).toBe(mtimeMs);

  expect(one.out).not.toContain('payment.register');
  expect(one.out.split('\n')[1]).not.toBe(text.split('\n')[1]);
  const stale = join(host, 'stale.txt');
  const absent = join(host, 'absent.txt');
  writeFileSync(stale, `${text}\n`);
  for (const path of [stale, absent]) {
    const { code, error } = await codegen('--out', path, '--check');
    expect([code, error]).toEqual([1, `${path} is not what the server declares: bitacora codegen\n`]);
  }
  expect(readFileSync(stale, 'utf8')).toBe(`${text}\n`);
  expect(existsSync(absent)).toBe(false);
});

test('SDK-6 wrong options of codegen end with exit code 2 and the name of the option', async () => {
  const { body } = await server.json('/v1/keys', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"name":"host","scopes":["ingest"]}',
  });
  const written = join(host, 'package.json');
  const before = readFileSync(written, 'utf8');
  const cases = [
    [['--out', written], `--out: ${written} was not made by codegen`],
    [['--pack', 'hotel'], '--pack: hotel is not one of library, accounting-closing, condominium'],
    [['--out', join(host, 'no/such/folder.ts')], '--out: ENOENT'],
    [['--out', host], '--out: EISDIR'],
    [['--key', body.secret], 'read'],
  ] as const;
  const ran = await Promise.all(cases.map(([args]) => codegen(...args)));
  for (const [at, { code, out, error }] of ran.entries()) {
    expect([at, code, out]).toEqual([at, 2, '']);
    expect(error).toContain(cases[at]?.[1]);
  }
  expect(readFileSync(written, 'utf8')).toBe(before);
});
