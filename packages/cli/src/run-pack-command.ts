import { CliError } from './cli-error.ts';

interface PackCommand {
  readonly route: string;
  readonly options: Readonly<Record<string, string>>;
}

interface Asked {
  readonly url: string;
  readonly key: string;
  readonly name: string;
  /** The only pack that is meant. */
  readonly pack: string | undefined;
  readonly options: Readonly<Record<string, string>>;
}

const answerWithinMs = 60_000;

/** Calls the route that a pack of the server has for a command; its answer. Throws `CliError`. */
export async function runPackCommand(asked: Asked): Promise<unknown> {
  const { packs } = (await call(asked, 'GET', '/v1/packs')) as {
    packs: readonly { name: string; commands: Readonly<Record<string, PackCommand>> }[];
  };
  const having = packs.filter(
    ({ name, commands }) => Object.hasOwn(commands, asked.name) && (asked.pack ?? name) === name,
  );
  const [found, another] = having;
  const command = found?.commands[asked.name];
  if (!command) throw new CliError(`no pack of the server has ${asked.name}`);
  if (another) {
    const names = having.map(({ name }) => name).join(', ');
    throw new CliError(`several packs have ${asked.name}: give --pack (${names})`);
  }
  const [method = '', path = ''] = command.route.split(' ');
  const given = Object.entries(asked.options).map(([option, value]) => {
    const parameter = command.options[option];
    if (parameter === undefined) throw new CliError(`${asked.name} of ${found?.name} takes no --${option}`);
    return [parameter, value] as const;
  });
  if (method === 'GET')
    return call(asked, method, `${path}?${new URLSearchParams(Object.fromEntries(given))}`);
  return call(asked, method, path, Object.fromEntries(given));
}

async function call(
  { url, key }: Asked,
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
  const said = [problem['title'], problem['detail']].filter((part) => typeof part === 'string').join(': ');
  throw new CliError(`${response.status} ${said}`);
}
