import type {
  Actor,
  AuditEvent,
  Client,
  JsonObject,
  JsonValue,
  Party,
  Subject,
  Target,
} from './audit-event.ts';
import { personalByDefault, type GroupName, type PersonalField, type PersonalPolicy } from './personal.ts';

/** An event without its personal values. Objects that become empty stay, so that a reader sees that there were values. */
export type OpenEvent = AuditEvent;
/**
 * Personal values at the paths that they have in the event; an element of `targets` belongs to the target with the same
 * position.
 */
export type GroupValues = JsonObject;
export type Groups = { readonly [Name in GroupName]?: GroupValues };
export type Separation = { readonly open: OpenEvent; readonly groups: Groups };
export type SeparationPolicy = {
  readonly personal: PersonalPolicy;
  /** Replaces an e-mail address that the host uses as an id: a keyed hash, stable within a tenant, no e-mail address itself. */
  readonly pseudonym: (id: string) => string;
};

type Loose = { [key: string]: JsonValue | undefined };
type Draft = { [Name in GroupName]?: Loose };
type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/**
 * Splits an event into the part that is hashed and groups of values that can be erased: `actor` and `subject` belong
 * to that person, `text` (all the rest) to both. There is at least one group, which may be empty. The event is not changed;
 * the result shares its parts without personal values.
 */
export function separate(event: AuditEvent, policy: SeparationPolicy): Separation {
  const { fields, paths } = policy.personal;
  const open: Writable<AuditEvent> = { ...event };
  const groups: Draft = {};
  open.actor = separateActor(event.actor, groups, policy);
  if (event.client !== undefined) open.client = separateClient(event.client, groups, fields);
  if (event.subject !== undefined) open.subject = separateSubject(event.subject, groups, policy);
  if (event.targets !== undefined) open.targets = separateTargets(event.targets, groups, policy);
  separateText(open, groups, fields);
  for (const path of paths) separatePath(open, groups, path);
  if (groups.actor === undefined && groups.subject === undefined && groups.text === undefined)
    groups.actor = {};
  return { open, groups: groups as Groups };
}

function separateActor(actor: Actor, groups: Draft, policy: SeparationPolicy): Actor {
  const { onBehalfOf, role, type, ...person } = actor;
  const [open, values] = separateParty(person, policy, actorFields);
  let kept = values;
  const openActor: Loose = { ...open, type };
  if (role !== undefined) openActor['role'] = role;
  if (onBehalfOf !== undefined) {
    const [openParty, keptParty] = separateParty(onBehalfOf, policy, onBehalfOfFields);
    openActor['onBehalfOf'] = openParty as JsonObject;
    if (keptParty !== undefined) (kept ??= {})['onBehalfOf'] = keptParty as JsonObject;
  }
  if (kept !== undefined) groupOf(groups, 'actor')['actor'] = kept as JsonObject;
  return openActor as Actor;
}

function separateClient(client: Client, groups: Draft, fields: PersonalPolicy['fields']): Client {
  const open: Loose = {};
  let kept: Loose | undefined;
  for (const key in client) {
    const value = client[key as keyof Client];
    if (key !== 'country' && fields[`client.${key}` as PersonalField]) (kept ??= {})[key] = value;
    else open[key] = value;
  }
  if (kept !== undefined) groupOf(groups, 'actor')['client'] = kept as JsonObject;
  return open as Client;
}

function separateSubject(subject: Subject, groups: Draft, policy: SeparationPolicy): Subject {
  const [open, kept] = separateParty(subject, policy, subjectFields);
  if (kept !== undefined) groupOf(groups, 'subject')['subject'] = kept as JsonObject;
  return open as Subject;
}

function separateTargets(
  targets: readonly Target[],
  groups: Draft,
  policy: SeparationPolicy,
): readonly Target[] {
  const open: Target[] = [];
  const kept: JsonObject[] = [];
  let any = false;
  for (const target of targets) {
    const [openTarget, keptTarget] = separateParty(target, policy, targetFields);
    open.push(openTarget as Target);
    kept.push((keptTarget ?? {}) as JsonObject);
    any ||= keptTarget !== undefined;
  }
  if (any) groupOf(groups, 'text')['targets'] = kept;
  return open;
}

interface PartyFields {
  readonly nameField: PersonalField;
  /** Absent: this party's e-mail is always personal. */
  readonly emailField?: PersonalField;
}

const actorFields: PartyFields = { nameField: 'actor.name', emailField: 'actor.email' };
const onBehalfOfFields: PartyFields = { nameField: 'actor.onBehalfOf.name' };
const subjectFields: PartyFields = { nameField: 'subject.name', emailField: 'subject.email' };
const targetFields: PartyFields = { nameField: 'targets.name' };

/** Splits a party into what stays in the entry and its personal values; undefined when it has none. */
function separateParty(
  party: Party & { readonly email?: string },
  policy: SeparationPolicy,
  { nameField, emailField }: PartyFields,
): [Party, Loose | undefined] {
  const { fields } = policy.personal;
  const open: Loose = {};
  let kept: Loose | undefined;
  if (party.type !== undefined) open['type'] = party.type;
  if (party.id !== undefined) {
    const email = isEmail(party.id);
    if (email) (kept ??= {})['id'] = party.id;
    open['id'] = email ? policy.pseudonym(party.id) : party.id;
  }
  if (party.name !== undefined) (fields[nameField] ? (kept ??= {}) : open)['name'] = party.name;
  if (party.email !== undefined) {
    (emailField === undefined || fields[emailField] ? (kept ??= {}) : open)['email'] = party.email;
  }
  return [open as Party, kept];
}

function separateText(open: Writable<AuditEvent>, groups: Draft, fields: PersonalPolicy['fields']): void {
  for (const field of ['description', 'reason', 'changes'] as const) {
    if (open[field] === undefined || !fields[field]) continue;
    groupOf(groups, personalByDefault[field])[field] = open[field] as JsonValue;
    delete open[field];
  }
  if (open.error?.message !== undefined && fields['error.message']) {
    const { message, ...rest } = open.error;
    groupOf(groups, 'text')['error'] = { message };
    open.error = rest;
  }
  if (open.request?.url !== undefined && fields['request.url']) {
    const { url, ...rest } = open.request;
    groupOf(groups, 'text')['request'] = { url };
    open.request = rest;
  }
}

// When a value on the declared path is no object (but a list or a text), the whole value counts as personal, which is the safe
// choice for the person. Objects on the path are copied, never changed.
function separatePath(open: Writable<AuditEvent>, groups: Draft, path: readonly string[]): void {
  let from = open as unknown as Loose;
  const way: string[] = [];
  for (const key of path) {
    const value = Object.hasOwn(from, key) ? from[key] : undefined;
    if (value === undefined) return;
    way.push(key);
    if (way.length < path.length && isObject(value)) {
      const copy: Loose = { ...value };
      from[key] = copy as JsonObject;
      from = copy;
      continue;
    }
    delete from[key];
    keep(groupOf(groups, 'text'), way, value);
    return;
  }
}

function keep(group: Loose, way: readonly string[], value: JsonValue): void {
  let into = group;
  for (const key of way.slice(0, -1)) {
    const next = into[key];
    const copy: Loose = isObject(next) ? { ...next } : {};
    into[key] = copy as JsonObject;
    into = copy;
  }
  const last = way.at(-1);
  if (last !== undefined) into[last] = value;
}

function groupOf(groups: Draft, name: GroupName): Loose {
  return (groups[name] ??= {});
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isEmail(id: string): boolean {
  return id.includes('@') && /^[^\s@]+@[^\s@]+$/.test(id);
}
