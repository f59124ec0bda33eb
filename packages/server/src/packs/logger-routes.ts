import type { EventInput, ReadEvent } from '@bitacora/event';
import { loggersOf, type AnyPack } from '@bitacora/pack-kit';
import { z } from 'zod';
import { AuditError } from '../audit-error.ts';
import { refusalOf, storeEvents, type IngestAnswer, type StoreOptions } from '../ingest/index.ts';
import { hostField, loggerArguments } from './logger-arguments.ts';
import type { FastifyReply } from 'fastify';
import {
  defineRoute,
  jsonAnswer,
  replyWithRefusal,
  type Call,
  type Route,
  type Unchanged,
} from '../http/index.ts';

const text = z.string();
const labels = z.object({ en: text, es: text, ru: text });
const attributeType = z.union([text, z.object({ enum: z.array(text) })]);
const packView = z.object({
  name: text,
  actions: z.record(
    text,
    z.object({ operation: text, level: text.optional(), module: text.optional(), labels }),
  ),
  attributes: z.record(text, attributeType).nullable(),
  labels: z.record(text, z.record(text, labels)),
  indexed: z.array(text),
  loggers: z.array(text),
  commands: z.record(text, z.object({ route: text, options: z.record(text, text), labels })),
  views: z.record(text, z.object({ labels, columns: z.array(text), filters: z.array(text) })),
});
const answer = z.object({
  accepted: z.int(),
  duplicates: z.int(),
  rejected: z.int(),
  results: z.array(z.record(text, z.unknown())),
});
const eventsPerCallMax = 100;

export interface LoggerRouteOptions extends StoreOptions {
  readonly packs: readonly AnyPack[];
}

interface LoggerOptions extends LoggerRouteOptions {
  readonly wrongArgument: ReturnType<typeof loggerArguments>;
}

/** A route that describes the packs, and one that calls a logger of a pack, for hosts in any language. */
export function loggerRoutes(options: LoggerRouteOptions): Route[] {
  return [packsRoute(options), loggerRoute({ ...options, wrongArgument: loggerArguments(options.packs) })];
}

function packsRoute({ packs }: LoggerRouteOptions): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/packs',
    summary: 'The packs of this server with their actions, attributes (null: any), labels, views and loggers',
    permission: 'read',
    answer: jsonAnswer(z.object({ packs: z.array(packView) })),
    handle: () => ({ packs: packs.map(shown) }),
  });
}

function loggerRoute(options: LoggerOptions): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/packs/{pack}/{logger}',
    summary: 'Call a logger of a pack: the body is its argument; answers like POST /v1/events',
    permission: 'ingest',
    idempotent: true,
    errors: ({ pack: name }) => options.packs.find((pack) => pack.name === name)?.errors,
    params: z.object({ pack: text, logger: text }),
    body: z.record(text, z.unknown()),
    answer: jsonAnswer(answer, 201),
    handle: (call) => log(call, options),
  });
}

type LoggerCall = Call<
  { readonly pack: string; readonly logger: string },
  unknown,
  Readonly<Record<string, unknown>>
>;
type StoreCall = Pick<Call, 'grant' | 'request' | 'reply'>;
type LoggerAnswer = IngestAnswer | FastifyReply;

async function log(call: LoggerCall, options: LoggerOptions): Promise<LoggerAnswer> {
  const { params, body } = call;
  const pack = options.packs.find(({ name }) => name === params.pack);
  if (!pack) throw missing('pack', params.pack);
  const events: EventInput[] = [];
  const loggers = loggersOf(pack, (event) => void events.push(event));
  const name = params.logger;
  const logger = Object.hasOwn(loggers, name) ? loggers[name] : undefined;
  if (!logger) throw missing('logger', name);
  const rejection = options.wrongArgument({ pack, name }, body);
  if (rejection) return stored(call, [{ ok: false, rejection }], { pack, logger: name, options });
  try {
    void logger(body);
  } catch (cause) {
    throw new AuditError('invalid_parameter', {
      parameter: 'body',
      detail: `${name} cannot work with this body: ${cause instanceof Error ? cause.message : String(cause)}`,
      cause,
    });
  }
  if (events.length === 0 || events.length > eventsPerCallMax)
    throw new AuditError('invalid_parameter', { parameter: 'body', detail: `${name} captured nothing` });
  const read = events.map((value) => ({ ok: true as const, value, source: '' }));
  return stored(call, read, { pack, logger: name, options });
}

/** Stores the events of a logger. Rejections name a field as the host calls it. */
async function stored(
  call: StoreCall,
  read: readonly ReadEvent[],
  { pack, logger, options }: { pack: AnyPack; logger: string; options: LoggerRouteOptions },
): Promise<LoggerAnswer> {
  const answer = await storeEvents(call, read, { packLedgers: true, options });
  const results = answer.results.map((result) =>
    'error' in result
      ? { ...result, error: { ...result.error, field: hostField(pack, result.error.field, logger) } }
      : result,
  );
  const translated = { ...answer, results };
  return replyWithRefusal(call, translated, refusalOf(translated));
}

function missing(parameter: string, name: string): AuditError {
  return new AuditError('not_found', {
    parameter,
    detail: `there is no ${parameter} ${name.slice(0, 100)}`,
  });
}

function shown(pack: AnyPack): Unchanged<z.input<typeof packView>> {
  const views = Object.entries(pack.views ?? {}).map(([name, view]) => {
    const { columns, filters = [] } = view;
    return [name, { labels: view.labels, columns, filters }] as const;
  });
  const commands = Object.entries(pack.commands ?? {}).map(
    ([name, { route, options = {}, ...command }]) =>
      [name, { route, options, labels: command.labels }] as const,
  );
  const actions = Object.entries(pack.actions).map(
    ([name, { labels: own, ...rest }]) => [name, { ...rest, labels: own }] as const,
  );
  return {
    name: pack.name,
    actions: Object.fromEntries(actions),
    attributes: pack.attributes ?? null,
    labels: pack.labels ?? {},
    indexed: pack.indexed ?? [],
    loggers: Object.keys(loggersOf(pack, () => undefined)),
    commands: Object.fromEntries(commands),
    views: Object.fromEntries(views),
  };
}
