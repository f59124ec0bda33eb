import { currentContext, withContext, type AuditContext } from './audit-context.ts';

/** The header that carries a context, in a message or a request between a host's own services. */
export const contextHeaderName = 'bitacora-context';

/** Proxies and queues accept headers of this length by default. */
const headerLengthMaxChars = 4_096;
const textLengthMaxChars = 512;
const texts = ['correlationId', 'sessionId', 'tenant', 'traceId', 'spanId'] as const;
const actorTexts = ['id', 'name', 'email', 'role'] as const;
const partyTexts = ['type', 'id', 'name'] as const;
const actorTypes = ['user', 'service', 'agent', 'system'] as const;

type Carried = { -readonly [Field in (typeof texts)[number] | 'actor']?: AuditContext[Field] | undefined };
type Actor = NonNullable<AuditContext['actor']>;

/**
 * The running context as the value of one header, for a queue, a worker or another service: base64url of JSON, ASCII, at
 * most 4 KiB. It has the actor, session, tenant, correlation id and trace. When the value would be longer, the actor has only
 * its id and type; if it is still too long, the actor is left out. Undefined when the context is empty, or does not fit.
 */
export function contextHeader(context: AuditContext = currentContext()): string | undefined {
  const carried: Carried = {};
  for (const field of texts) if (isShort(context[field])) carried[field] = context[field];
  const { actor } = context;
  const bare = actor && { id: actor.id, ...(actor.type && { type: actor.type }) };
  const values = [actor, bare, undefined].map((carriedActor) =>
    encode(carriedActor ? { ...carried, actor: carriedActor } : carried),
  );
  return values.find((value) => value.length <= headerLengthMaxChars && value !== encode({}));
}

/**
 * Runs `run` within the context that a header carries; a malformed header is ignored. Use it only for headers that the host's
 * own services wrote, because the writer of the header decides who the actor is.
 */
export function withContextHeader<Result>(header: string | null | undefined, run: () => Result): Result {
  return withContext(parseContextHeader(header), run);
}

/** The context that a header carries; empty when it is absent or malformed. */
export function parseContextHeader(header: string | null | undefined): AuditContext {
  if (typeof header !== 'string' || header.length > headerLengthMaxChars) return {};
  try {
    const parsed: unknown = JSON.parse(Buffer.from(header, 'base64url').toString('utf8'));
    return contextOf(members(parsed));
  } catch {
    return {};
  }
}

function contextOf(parsed: ReadonlyMap<string, unknown>): AuditContext {
  const actor = actorOf(members(parsed.get('actor')));
  return { ...textsOf(parsed, texts), ...(actor && { actor }) };
}

function actorOf(parsed: ReadonlyMap<string, unknown>): Actor | undefined {
  const { id, ...rest } = textsOf(parsed, actorTexts);
  if (id === undefined || id === '') return undefined;
  const type = actorTypes.find((name) => name === parsed.get('type'));
  const onBehalfOf = textsOf(members(parsed.get('onBehalfOf')), partyTexts);
  return { id, ...rest, ...(type && { type }), ...(Object.keys(onBehalfOf).length > 0 && { onBehalfOf }) };
}

function textsOf<Name extends string>(
  parsed: ReadonlyMap<string, unknown>,
  names: readonly Name[],
): { [Key in Name]?: string } {
  const shortTexts: { [Key in Name]?: string } = {};
  for (const name of names) {
    const value = parsed.get(name);
    if (isShort(value)) shortTexts[name] = value;
  }
  return shortTexts;
}

function members(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
}

function isShort(value: unknown): value is string {
  return typeof value === 'string' && value.length <= textLengthMaxChars;
}

function encode(carried: Carried): string {
  return Buffer.from(JSON.stringify(carried)).toString('base64url');
}
