import type { ApiKey } from '@bitacora/client';
import type { Command } from 'commander';
import { connect, withConnection, type ConnectionOptions } from '../connection.ts';

interface CreateOptions extends ConnectionOptions {
  readonly scopes: string;
  readonly tenant?: string;
  readonly ledgers?: string;
  readonly addresses?: string;
  readonly expires?: string;
  readonly json?: true;
}

/** `bitacora keys create|list|revoke`. */
export function addKeys(program: Command): void {
  const keys = program.command('keys').description('manage API keys (needs a key with the scope admin)');
  withConnection(keys.command('create'))
    .description('make a key; its secret is shown once, on stdout')
    .argument('<name>')
    .requiredOption('--scopes <list>', 'comma-separated: ingest, read, tree, admin')
    .option('--tenant <name>', 'for another tenant (needs operator)')
    .option('--ledgers <list>', 'comma-separated; by default all of the tenant')
    .option(
      '--addresses <list>',
      'comma-separated networks (10.1.0.0/16); otherwise the key works from anywhere',
    )
    .option('--expires <time>', 'RFC 3339')
    .option('--json')
    .action(create);
  withConnection(keys.command('list'))
    .description('list keys, without their secrets')
    .option('--json')
    .action(list);
  withConnection(keys.command('revoke'))
    .description('revoke a key')
    .argument('<id>')
    .action(async (id: string, options: ConnectionOptions) => {
      await connect(options).keys.revoke(id);
      process.stderr.write(`revoked ${id}\n`);
    });
}

async function create(name: string, options: CreateOptions): Promise<void> {
  const { tenant, ledgers, addresses, expires } = options;
  const created = await connect(options).keys.create({
    name,
    scopes: names(options.scopes),
    ...(tenant === undefined ? {} : { tenant }),
    ...(ledgers === undefined ? {} : { ledgers: names(ledgers) }),
    ...(addresses === undefined ? {} : { addresses: names(addresses) }),
    ...(expires === undefined ? {} : { expiresAt: expires }),
  });
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(created)}\n`);
    return;
  }
  process.stderr.write(
    `key ${created.key.id} (${created.key.scopes.join(', ')}); the secret is not shown again:\n`,
  );
  process.stdout.write(`${created.secret}\n`);
}

async function list(options: ConnectionOptions & { readonly json?: true }): Promise<void> {
  const keys = await connect(options).keys.list();
  const lines = options.json === true ? keys.map((key) => JSON.stringify(key)) : keys.map(lineOf);
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
}

function lineOf({ id, name, scopes, ledgers, addresses, expiresAt, revokedAt, lastUsedAt }: ApiKey): string {
  const state = revokedAt !== null ? 'revoked' : expiresAt !== null ? `until ${expiresAt}` : 'valid';
  return [
    id,
    name.padEnd(24),
    scopes.join(',').padEnd(24),
    (ledgers ?? ['all ledgers']).join(','),
    (addresses ?? ['anywhere']).join(','),
    lastUsedAt === null ? 'never used' : `used ${lastUsedAt}`,
    state,
  ].join('  ');
}

function names(list: string): string[] {
  return list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}
