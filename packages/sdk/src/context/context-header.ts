import { currentContext, withContext, type AuditContext } from './audit-context.ts';

/** The header, of a message or a request between one's own services, that carries a context. */
export const contextHeaderName = 'bitacora-context';

/** As much as proxies and queues let through without asking. */
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
 * most 4 KiB. It carries who acts, the session, tenant, correlation id and trace. A value that would be longer leaves
 * out the actor's names; undefined when there is nothing to carry, or even that is too long.
 */
export function contextHeader(context: AuditContext = currentContext()): string | undefined {
  const carried: Carried = {};
  for (const field of texts) if (isShort(context[field])) carried[field] = context[field];
  const { actor } = context;
  const bare = actor && { id: actor.id, ...(actor.type && { type: actor.type }) };
  const fits = [actor, bare, undefined].map((one) => encoded(one ? { ...carried, actor: one } : carried));
  return fits.find((value) => value.length <= headerLengthMaxChars && value !== encoded({}));
}

/**
 * Runs `run` within the context that a header carries; what is not one is ignored. Only for what one's own services
 * wrote: whoever writes the header says who acts.
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
  const type = actorTypes.find((one) => one === parsed.get('type'));
  const onBehalfOf = textsOf(members(parsed.get('onBehalfOf')), partyTexts);
  return { id, ...rest, ...(type && { type }), ...(Object.keys(onBehalfOf).length > 0 && { onBehalfOf }) };
}

function textsOf<Name extends string>(
  parsed: ReadonlyMap<string, unknown>,
  names: readonly Name[],
): { [Key in Name]?: string } {
  const found: { [Key in Name]?: string } = {};
  for (const name of names) {
    const value = parsed.get(name);
    if (isShort(value)) found[name] = value;
  }
  return found;
}

function members(value: unknown): ReadonlyMap<string, unknown> {
  return new Map(typeof value === 'object' && value !== null ? Object.entries(value) : []);
}

function isShort(value: unknown): value is string {
  return typeof value === 'string' && value.length <= textLengthMaxChars;
}

function encoded(carried: Carried): string {
  return Buffer.from(JSON.stringify(carried)).toString('base64url');
}
