import { canonicalJson, canonicalNumber, canonicalText } from './canonical-json.ts';
import { EventError } from './event-error.ts';
import { limits } from './limits.ts';
import { parseJson } from './parse-json.ts';
import type { GroupName } from './personal.ts';
import { groupNames } from './personal.ts';
import type { OpenEvent } from './separate.ts';
import { utf8Length } from './utf8-length.ts';

/** Group → SHA-256 in base64url (43 letters), at least one. */
export type Commitments = { readonly [Name in GroupName]?: string };
/** `ingestedAt` is the server's clock, UTC milliseconds. */
export type Entry = {
  readonly ledger: string;
  readonly ingestedAt: string;
  readonly open: OpenEvent;
  readonly commitments: Commitments;
};

/**
 * The entry bytes (as text): RFC 8785 of `{v: 1, ledger, ingestedAt, commitments}` and the members of `open`. Written
 * once; what is hashed, stored, bundled and archived is this text. Throws `EventError` `entry_too_large` above 65,535
 * bytes and `no_commitment`.
 */
export function entryJson(entry: Entry): string {
  const text = writeEntry(entry);
  if (text.length * 3 > limits.entrySizeMaxBytes && utf8Length(text) > limits.entrySizeMaxBytes) {
    throw new EventError('entry_too_large');
  }
  return text;
}

// The members are written in the order of their names, because sorting them each time would take more time than all the rest.
function writeEntry({ ledger, ingestedAt, open, commitments }: Entry): string {
  let text = `{"action":${canonicalText(open.action)},"actor":${canonicalJson(open.actor)}`;
  if (open.amount !== undefined) text += `,"amount":${canonicalJson(open.amount)}`;
  if (open.attributes !== undefined) text += `,"attributes":${canonicalJson(open.attributes)}`;
  if (open.changes !== undefined) text += `,"changes":${canonicalJson(open.changes)}`;
  if (open.client !== undefined) text += `,"client":${canonicalJson(open.client)}`;
  text += `,"commitments":${writeCommitments(commitments)}`;
  if (open.context !== undefined) text += `,"context":${canonicalJson(open.context)}`;
  if (open.correlationId !== undefined) text += `,"correlationId":${canonicalText(open.correlationId)}`;
  if (open.description !== undefined) text += `,"description":${canonicalText(open.description)}`;
  if (open.durationMs !== undefined) text += `,"durationMs":${canonicalNumber(open.durationMs)}`;
  if (open.error !== undefined) text += `,"error":${canonicalJson(open.error)}`;
  text += `,"id":"${open.id}","ingestedAt":${canonicalText(ingestedAt)},"ledger":${canonicalText(ledger)}`;
  if (open.level !== undefined) text += `,"level":"${open.level}"`;
  if (open.module !== undefined) text += `,"module":${canonicalText(open.module)}`;
  if (open.occurredAt !== undefined) text += `,"occurredAt":"${open.occurredAt}"`;
  if (open.operation !== undefined) text += `,"operation":"${open.operation}"`;
  if (open.outcome !== undefined) text += `,"outcome":"${open.outcome}"`;
  if (open.reason !== undefined) text += `,"reason":${canonicalText(open.reason)}`;
  if (open.request !== undefined) text += `,"request":${canonicalJson(open.request)}`;
  if (open.reviewRequired !== undefined) text += `,"reviewRequired":${open.reviewRequired}`;
  if (open.sensitive !== undefined) text += `,"sensitive":${open.sensitive}`;
  if (open.sessionId !== undefined) text += `,"sessionId":${canonicalText(open.sessionId)}`;
  if (open.spanId !== undefined) text += `,"spanId":"${open.spanId}"`;
  if (open.subject !== undefined) text += `,"subject":${canonicalJson(open.subject)}`;
  if (open.tags !== undefined) text += `,"tags":${canonicalJson(open.tags)}`;
  if (open.targets !== undefined) text += `,"targets":${canonicalJson(open.targets)}`;
  if (open.traceId !== undefined) text += `,"traceId":"${open.traceId}"`;
  return `${text},"v":1}`;
}

function writeCommitments(commitments: Commitments): string {
  let text = '';
  for (const name of groupNames) {
    const commitment = commitments[name];
    if (commitment !== undefined) text += `${text === '' ? '{' : ','}"${name}":${canonicalText(commitment)}`;
  }
  if (text === '') throw new EventError('no_commitment');
  return `${text}}`;
}

/** Parses entry bytes. Throws `EventError` `invalid_entry` when a member that every entry has is missing or wrong. */
export function parseEntry(text: string): Entry {
  const { v, ledger, ingestedAt, commitments, ...open } = parseObject(text);
  const valid =
    v === 1 &&
    typeof ledger === 'string' &&
    typeof ingestedAt === 'string' &&
    typeof open['id'] === 'string' &&
    typeof open['action'] === 'string' &&
    isCommitments(commitments);
  if (!valid) throw new EventError('invalid_entry');
  return { ledger, ingestedAt, commitments, open: open as unknown as OpenEvent };
}

function parseObject(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = parseJson(text);
  } catch (cause) {
    throw new EventError('invalid_entry', undefined, { cause });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new EventError('invalid_entry');
  return value as Record<string, unknown>;
}

function isCommitments(value: unknown): value is Commitments {
  if (typeof value !== 'object' || value === null) return false;
  const groups = Object.entries(value);
  const names: readonly string[] = groupNames;
  return (
    groups.length > 0 &&
    groups.every(
      ([name, hash]) => names.includes(name) && typeof hash === 'string' && /^[\w-]{43}$/.test(hash),
    )
  );
}
