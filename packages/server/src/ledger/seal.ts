import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto';
import {
  at,
  canonicalJson,
  commitmentPreimage,
  entryJson,
  separate,
  type AuditEvent,
  type Commitments,
  type GroupName,
  type Groups,
  type OpenEvent,
  type PersonalPolicy,
} from '@bitacora/event';
import type { PersonKey, Persons, Profile } from './persons.ts';
import { leafHashOf } from './read-entries.ts';
import type { SealedEvent } from './sealed-event.ts';
import type { TenantKeys } from './tenant-keys.ts';
import { encodeValues } from './values-record.ts';

export interface Admitted {
  /** After admission: what the entry holds. */
  event: AuditEvent;
  /** Canonical JSON of the event as received, before directory and defaults. */
  received: string;
  /** Which of its fields are personal. */
  personal: PersonalPolicy;
}

export interface SealOptions {
  ledgerName: string;
  ingestedAt: string;
  persons: Persons;
  tenantKeys: TenantKeys;
}

interface Draft {
  admitted: Admitted;
  open: OpenEvent;
  groups: Groups;
  actor: string;
  subject: string | undefined;
}

/**
 * Turns admitted events into entry bytes and encrypted values: personal fields leave the event, a salted commitment to
 * each group stays. Salts are derived from the persons' keys, so erasing a key takes the salts along and nothing can be
 * guessed from a commitment any more.
 */
export async function seal(admitted: readonly Admitted[], options: SealOptions): Promise<SealedEvent[]> {
  const { pseudonym } = options.tenantKeys;
  const drafts = admitted.map((one): Draft => {
    const { open, groups } = separate(one.event, { personal: one.personal, pseudonym });
    return { admitted: one, open, groups, ...personsOf(open, options.tenantKeys) };
  });
  const tokens = new Set<string>();
  for (const draft of drafts) {
    tokens.add(draft.actor);
    if (draft.subject !== undefined) tokens.add(draft.subject);
  }
  const keys = await options.persons.keys(tokens);
  const canonicals = drafts.map((draft) => canonicalGroups(draft.groups));
  const profileIds = await profilesOf(drafts, canonicals, options.persons);
  return drafts.map((draft, position) =>
    sealOne(draft, {
      ...options,
      keys,
      canonical: canonicals[position] ?? {},
      profiles: profileIds[position] ?? [0, 0],
    }),
  );
}

/** Tokens of the persons an event speaks of, from what the entry itself says: readers find the same. */
export function personsOf(
  open: OpenEvent,
  tenantKeys: TenantKeys,
): { actor: string; subject: string | undefined } {
  const token = (type: string, id: string): string => tenantKeys.personToken(`${type}:${id}`).toString('hex');
  const { actor, subject } = open;
  return {
    actor: token(actor.type, actor.id),
    subject: subject?.id === undefined ? undefined : token(subject.type ?? 'user', subject.id),
  };
}

type Canonical = { [Name in GroupName]?: string };

function canonicalGroups(groups: Groups): Canonical {
  const canonical: Canonical = {};
  if (groups.actor !== undefined) canonical.actor = canonicalJson(groups.actor);
  if (groups.subject !== undefined) canonical.subject = canonicalJson(groups.subject);
  if (groups.text !== undefined) canonical.text = canonicalJson(groups.text);
  return canonical;
}

async function profilesOf(
  drafts: readonly Draft[],
  canonicals: readonly Canonical[],
  persons: Persons,
): Promise<[number, number][]> {
  const wanted: Profile[] = [];
  const places = drafts.map((draft, position): [number, number] => {
    const { actor, subject } = canonicals[position] ?? {};
    const place = (person: string | undefined, canonical: string | undefined): number =>
      person === undefined || canonical === undefined || canonical === '{}'
        ? -1
        : wanted.push({ person, canonical }) - 1;
    // A subject without an id is nobody's to erase alone: its values go with the actor's.
    return [place(draft.actor, actor), place(draft.subject ?? draft.actor, subject)];
  });
  const ids = await persons.profileIds(wanted);
  return places.map(([actor, subject]) => [ids[actor] ?? 0, ids[subject] ?? 0]);
}

function sealOne(
  draft: Draft,
  options: SealOptions & {
    keys: ReadonlyMap<string, PersonKey | null>;
    canonical: Canonical;
    profiles: [number, number];
  },
): SealedEvent {
  const { open } = draft;
  const { canonical } = options;
  const commitments: { [Name in GroupName]?: string } = {};
  let text: Buffer = Buffer.alloc(0);
  for (const group of groupsOf(canonical)) {
    const values = canonical[group] ?? '';
    const key = groupKey(group, draft, options.keys);
    // An event of a person already erased is committed under a salt that nobody keeps; its values are not stored.
    const salt = key ? saltOf(key.salt, group, open.id) : randomBytes(16);
    commitments[group] = hash('sha256', commitmentPreimage({ salt, group, canonical: values }), 'base64url');
    if (group === 'text' && key) text = encryptText(values, key, salt);
  }
  const entry = entryJson({
    ledger: options.ledgerName,
    ingestedAt: options.ingestedAt,
    open,
    commitments: commitments satisfies Commitments,
  });
  const mac = options.tenantKeys.mac(draft.admitted.received);
  const [actorProfile, subjectProfile] = options.profiles;
  return {
    id: open.id,
    at: Date.parse(at({ ...open, ingestedAt: options.ingestedAt })),
    entry,
    leafHash: leafHashOf(entry),
    values: encodeValues({ mac, actorProfile, subjectProfile, text }),
    mac,
  };
}

function groupsOf(canonical: Canonical): GroupName[] {
  const names: GroupName[] = [];
  if (canonical.actor !== undefined) names.push('actor');
  if (canonical.subject !== undefined) names.push('subject');
  if (canonical.text !== undefined) names.push('text');
  return names;
}

/** The text belongs to both persons: its key needs both of theirs, so erasing either makes it unreadable. */
export function groupKey(
  group: GroupName,
  persons: { actor: string; subject: string | undefined },
  keys: ReadonlyMap<string, PersonKey | null>,
): PersonKey | undefined {
  const actor = keys.get(persons.actor) ?? undefined;
  const subject = persons.subject === undefined ? actor : (keys.get(persons.subject) ?? undefined);
  if (group === 'actor') return actor;
  if (group === 'subject') return subject;
  if (!actor || !subject || actor === subject) return actor && subject;
  const both = (a: Buffer, b: Buffer): Buffer => hash('sha256', Buffer.concat([a, b]), 'buffer');
  return { salt: both(actor.salt, subject.salt), values: both(actor.values, subject.values) };
}

export function saltOf(key: Buffer, group: GroupName, id: string): Buffer {
  return hash('sha256', Buffer.concat([key, Buffer.from(group + id, 'latin1')]), 'buffer').subarray(0, 16);
}

/**
 * AES-256-CTR: the commitment in the entry already authenticates the text. The nonce is of the salt, which is unique
 * per entry and group; the last four bytes count blocks.
 */
export function encryptText(text: string, key: PersonKey, salt: Buffer): Buffer {
  return createCipheriv('aes-256-ctr', key.values, nonceOf(salt)).update(text, 'utf8');
}

export function decryptText(bytes: Buffer, key: PersonKey, salt: Buffer): string {
  return createDecipheriv('aes-256-ctr', key.values, nonceOf(salt)).update(bytes).toString('utf8');
}

function nonceOf(salt: Buffer): Buffer {
  const nonce = Buffer.alloc(16);
  salt.copy(nonce, 0, 0, 12);
  return nonce;
}
