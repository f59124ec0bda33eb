import type { Client, RoleName, User } from '@bitacora/client';
import type { Command } from 'commander';
import { CliError } from '../cli-error.ts';
import { connect, withConnection, type ConnectionOptions } from '../connection.ts';

interface JsonOption extends ConnectionOptions {
  readonly json?: true;
}

interface InviteOptions extends JsonOption {
  readonly role: string;
  readonly name?: string;
  readonly hostId?: string;
  readonly modules?: string;
  readonly subjects?: string;
}

const roles: readonly RoleName[] = ['owner', 'administrator', 'auditor', 'analyst', 'viewer', 'ingest'];

/** `bitacora users list|invite|role|disable|enable|remove|link`. */
export function addUsers(program: Command): void {
  const users = program
    .command('users')
    .description('manage users (needs a key with the scope admin, and those it gives)');
  withConnection(users.command('list')).description('list users').option('--json').action(list);
  withConnection(users.command('invite'))
    .description('invite a user; without a mail server the link is shown, on stdout')
    .argument('<email>')
    .requiredOption('--role <role>', roles.join(', '))
    .option('--name <name>')
    .option(
      '--host-id <id>',
      'the id of this person in host applications: with the role viewer they see the entries of this id',
    )
    .option('--modules <list>', 'comma-separated: they see only these modules')
    .option('--subjects <list>', 'comma-separated: they see only entries about these subjects')
    .option('--json')
    .action(invite);
  withConnection(users.command('role'))
    .description('give a user another role; in force within two seconds')
    .argument('<email>')
    .argument('<role>', roles.join(', '))
    .action(async (email: string, role: string, options: ConnectionOptions) => {
      const client = connect(options);
      await client.users.change((await userOf(client, email)).id, { role: roleOf(role) });
      process.stderr.write(`${email} is ${role}\n`);
    });
  for (const [name, state] of [
    ['disable', 'disabled'],
    ['enable', 'active'],
  ] as const) {
    withConnection(users.command(name))
      .description(name === 'disable' ? 'disable a user; all their sessions end' : 'enable a user again')
      .argument('<email>')
      .action(async (email: string, options: ConnectionOptions) => {
        const client = connect(options);
        await client.users.change((await userOf(client, email)).id, { state });
        process.stderr.write(`${email} is ${state}\n`);
      });
  }
  withConnection(users.command('remove'))
    .description('remove a user; the events of what they did stay')
    .argument('<email>')
    .action(async (email: string, options: ConnectionOptions) => {
      const client = connect(options);
      await client.users.remove((await userOf(client, email)).id);
      process.stderr.write(`removed ${email}\n`);
    });
  withConnection(users.command('link'))
    .description('send a new invitation, or a password reset to a person who has signed in before')
    .argument('<email>')
    .option('--remove-codes', 'also removes the codes of a lost authenticator')
    .action(async (email: string, options: ConnectionOptions & { readonly removeCodes?: true }) => {
      const client = connect(options);
      const { link } = await client.users.sendLink((await userOf(client, email)).id, {
        removeCodes: options.removeCodes === true,
      });
      printLink(email, link);
    });
}

async function list(options: JsonOption): Promise<void> {
  const listed = await connect(options).users.list();
  const lines = listed.map((user) => (options.json === true ? JSON.stringify(user) : lineOf(user)));
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
}

async function invite(email: string, options: InviteOptions): Promise<void> {
  const { name = email, hostId, modules, subjects } = options;
  const invited = await connect(options).users.invite({
    email,
    name,
    role: roleOf(options.role),
    ...(hostId === undefined ? {} : { hostId }),
    ...(modules === undefined ? {} : { scope: 'modules', modules: parts(modules) }),
    ...(subjects === undefined ? {} : { scope: 'subjects', subjects: parts(subjects) }),
  });
  if (options.json === true) process.stdout.write(`${JSON.stringify(invited)}\n`);
  else printLink(email, invited.link);
}

function printLink(email: string, link: string | null): void {
  if (link === null) process.stderr.write(`a link was sent to ${email}\n`);
  else {
    process.stderr.write(`give this link to ${email}; it works once:\n`);
    process.stdout.write(`${link}\n`);
  }
}

/** @throws CliError when nobody has that e-mail */
async function userOf(client: Client, email: string): Promise<User> {
  const match = (await client.users.list()).find((user) => user.email === email.trim().toLowerCase());
  if (!match) throw new CliError(`there is no user ${email}`);
  return match;
}

function roleOf(text: string): RoleName {
  const role = roles.find((name) => name === text);
  if (!role) throw new CliError(`there is no role ${text}: ${roles.join(', ')}`);
  return role;
}

function parts(text: string): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function lineOf({ email, name, role, scope, hostId, state, lastSignInAt }: User): string {
  const reach = scope === 'own' ? `own (${hostId ?? 'no host id'})` : scope;
  return [email.padEnd(32), name.padEnd(24), role.padEnd(14), reach, state, lastSignInAt ?? 'never'].join(
    '  ',
  );
}
