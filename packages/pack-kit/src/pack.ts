import type {
  AuditEvent,
  Capture,
  Captured,
  CaptureReceipt,
  EventInput,
  JsonObject,
  Level,
  Operation,
  PersonalDeclarations,
  PersonalPolicy,
  Rejection,
} from '@bitacora/event';
import type { AttributesOf, AttributeTypes } from './attribute-types.ts';
import type { CloseReason } from './close-reason.ts';
import type { DirectoryKey } from './directory-key.ts';
import type { Labels, Vocabulary } from './labels.ts';
import type { Params, Report, Route } from './route.ts';

export type Action = {
  readonly operation: Operation;
  readonly module?: string;
  readonly level?: Level;
  readonly labels: Labels;
};
export type Actions = Readonly<Record<string, Action>>;

/** Days from `ingestedAt`, or without end. */
export type Retention = { readonly days: number } | 'forever';

/** What the host told about a person or thing. */
export type DirectoryRecord = DirectoryKey & {
  readonly name?: string;
  readonly email?: string;
  readonly role?: string;
  readonly state?: string;
  readonly period?: string;
  readonly attributes?: JsonObject;
};
export type Admitted =
  { readonly ok: true; readonly event: AuditEvent } | { readonly ok: false; readonly rejection: Rejection };
/** Both pure. `found` holds what the directory knows, by `type/id`. */
export type Admission = {
  readonly needs: (event: AuditEvent) => readonly DirectoryKey[];
  readonly admit: (event: AuditEvent, found: ReadonlyMap<string, DirectoryRecord>) => Admitted;
};

/** A Sigma rule as data, with the events it must and must not find. */
export type Rule = {
  readonly sigma: JsonObject;
  readonly labels: Labels;
  readonly examples: readonly { readonly events: readonly EventInput[]; readonly matches: boolean }[];
};
/** A list of the dashboard: columns and filters are field paths. */
export type View = {
  readonly labels: Labels;
  readonly columns: readonly string[];
  readonly filters?: readonly string[];
};

/** Which events open and close the sessions of the host's users; every other event with a session id touches one. */
export type SessionActions = {
  readonly open: readonly string[];
  readonly close: Readonly<Record<string, CloseReason>>;
  /** The host's session ids let their holder in (tokens): entries, also of no pack, keep a keyed hash in place of them. */
  readonly secret?: boolean;
};

/** An event in a pack's own words: its actions and attributes only. */
export type PackEvent<A extends Actions, T extends AttributeTypes> = Omit<
  EventInput,
  'action' | 'attributes'
> & {
  readonly action: keyof A & string;
  readonly attributes?: AttributesOf<T>;
};
/** Takes one argument (over HTTP: the body) and captures. Null: the hosts' function gives that for what was not stored. */
export type Logger = (input: never) => Captured | Promise<CaptureReceipt | null>;
export type Loggers = Readonly<Record<string, Logger>>;

/** A route of the pack (`POST /api/loans/remind/`) as a command; `options`: name of an option → of the route's parameter. */
export type Command = {
  readonly route: string;
  readonly options?: Readonly<Record<string, string>>;
  readonly labels: Labels;
};

/** What of the newest entries a pack wants to be held; limits are the largest that any pack asks for. */
export type RecentDeclaration = {
  /** Each a list of filter fields: `[['subject'], ['subject', 'attributes.period']]`. */
  readonly indexes?: readonly (readonly string[])[];
  /** Absent: 7. */
  readonly days?: number;
  /** Per value of an index; absent: 1,000. */
  readonly entriesMaxPerKey?: number;
};

/** What a pack's author writes. */
export type PackDeclaration<A extends Actions, T extends AttributeTypes, L extends Loggers = Loggers> = {
  /** Kebab-case; part of URLs and of the ledger's name. */
  readonly name: string;
  readonly actions: A;
  /** Absent: attributes are not checked. */
  readonly attributes?: T;
  readonly labels?: Vocabulary;
  readonly personal?: PersonalDeclarations;
  /** Attribute paths (`attributes.state`) counted in rollups and facets. */
  readonly indexed?: readonly string[];
  /** Which lists of the newest entries are asked for often: they are held ready beside the database. */
  readonly recent?: RecentDeclaration;
  /** Absent: that of the tenant's default ledger. */
  readonly retention?: Retention;
  readonly sessions?: SessionActions;
  readonly admission?: Admission;
  readonly loggers?: (capture: Capture<PackEvent<A, T>>) => L;
  /**
   * What loggers take over HTTP, by their names, each `in: 'body'`; what is missing, wrong or of another name is refused.
   * Of a logger that is not here only the event is checked.
   */
  readonly arguments?: Readonly<Record<string, Params>>;
  /**
   * Field of an event (`occurredAt`) → what the hosts call it (`timestamp`): refusals of loggers and routes name that. Of
   * several names it is the first that the logger takes.
   */
  readonly fieldNames?: Readonly<Record<string, string | readonly string[]>>;
  readonly rules?: Readonly<Record<string, Rule>>;
  readonly reports?: Readonly<Record<string, Report>>;
  readonly views?: Readonly<Record<string, View>>;
  readonly routes?: readonly Route[];
  /**
   * Role of the host's users → the permissions (of routes and reports, and of the core) that it has. A built-in role
   * among them (`auditor`) brings its own and its reach; with `read.pack` it reaches every entry of the pack's actions;
   * without either the entries of its own user only.
   */
  readonly roles?: Readonly<Record<string, readonly string[]>>;
  /** How the pack's routes put their errors for older clients: the member of the body beside those of RFC 9457, and texts of their own. */
  readonly errors?: {
    readonly member: string;
    readonly texts?: Readonly<Partial<Record<'unauthenticated' | 'forbidden' | 'not_found', string>>>;
  };
  /** Invented activity that ends at `now`, ms since 1970; the same for the same `now`. */
  readonly demo?: (now: number) => readonly PackEvent<A, T>[];
  /** Commands of the command line (`stats build`) that call a route. */
  readonly commands?: Readonly<Record<string, Command>>;
  /** Events as the pack's hosts report them; `testPack` needs one at least. */
  readonly examples?: readonly PackEvent<A, T>[];
};

/** A declaration that holds, frozen. */
export type Pack<
  A extends Actions = Actions,
  T extends AttributeTypes = AttributeTypes,
  L extends Loggers = Loggers,
> = PackDeclaration<A, T, L> & { readonly policy: PersonalPolicy };

/** Any pack, as the server and `testPack` take it. Its loggers are reached by `loggersOf`. */
export type AnyPack = Omit<Pack, 'loggers' | 'examples' | 'demo'> & {
  readonly loggers?: (capture: never) => Loggers;
  readonly demo?: (now: number) => readonly object[];
  readonly examples?: readonly object[];
};

/** A pack's loggers, ready to be called. They check nothing: what they capture is parsed and admitted like any event. */
export function loggersOf(
  pack: Pick<AnyPack, 'loggers'>,
  capture: Capture,
): Readonly<Record<string, (input: unknown) => ReturnType<Logger>>> {
  // A logger's input type is only known where its pack is; here it is whatever the host sent.
  return (pack.loggers?.(capture as never) ?? {}) as Readonly<
    Record<string, (input: unknown) => ReturnType<Logger>>
  >;
}

/** The ledger of a pack's events: its own where its retention differs from that of the tenant's default ledger. */
export function ledgerOf(
  pack: AnyPack,
  tenant: { readonly name: string; readonly retention: Retention },
): string {
  return pack.retention === undefined || sameRetention(pack.retention, tenant.retention)
    ? tenant.name
    : `${tenant.name}.${pack.name}`;
}

function sameRetention(one: Retention, other: Retention): boolean {
  if (one === 'forever' || other === 'forever') return one === other;
  return one.days === other.days;
}
