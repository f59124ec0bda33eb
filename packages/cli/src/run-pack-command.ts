import { CliError } from './cli-error.ts';

interface PackCommand {
  readonly route: string;
  readonly options: Readonly<Record<string, string>>;
}

interface CommandCall {
  readonly url: string;
  readonly key: string;
  readonly name: string;
  /** The pack whose command is meant; undefined when any pack may have it. */
  readonly pack: string | undefined;
  readonly options: Readonly<Record<string, string>>;
}

const answerWithinMs = 60_000;

/** Calls the route that a pack of the server has for a command, and returns the answer. Throws `CliError`. */
export async function runPackCommand(request: CommandCall): Promise<unknown> {
  const { packs } = (await call(request, 'GET', '/v1/packs')) as {
    packs: readonly { name: string; commands: Readonly<Record<string, PackCommand>> }[];
  };
  const matching = packs.filter(
    ({ name, commands }) => Object.hasOwn(commands, request.name) && (request.pack ?? name) === name,
  );
  const [pack, another] = matching;
  const command = pack?.commands[request.name];
  if (!command) throw new CliError(`no pack of the server has ${request.name}`);
  if (another) {
    const names = matching.map(({ name }) => name).join(', ');
    throw new CliError(`several packs have ${request.name}: give --pack (${names})`);
  }
  const [method = '', path = ''] = command.route.split(' ');
  const given = Object.entries(request.options).map(([option, value]) => {
    const parameter = command.options[option];
    if (parameter === undefined) throw new CliError(`${request.name} of ${pack?.name} takes no --${option}`);
    return [parameter, value] as const;
  });
  if (method === 'GET')
    return call(request, method, `${path}?${new URLSearchParams(Object.fromEntries(given))}`);
  return call(request, method, path, Object.fromEntries(given));
}

async function call(
  { url, key }: CommandCall,
  method: string,
  path: string,
  body?: Readonly<Record<string, string>>,
): Promise<unknown> {
  const response = await fetch(new URL(path, url), {
    method,
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(answerWithinMs),
  }).catch((cause: unknown) => {
    throw new CliError(`${url} does not answer`, { cause });
  });
  const answer: unknown = await response.json().catch(() => undefined);
  if (response.ok) return answer;
  const problem: Readonly<Record<string, unknown>> = Object(answer);
  const text = [problem['title'], problem['detail']].filter((part) => typeof part === 'string').join(': ');
  throw new CliError(`${response.status} ${text}`);
}
