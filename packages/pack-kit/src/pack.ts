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

/** How many days entries are kept, counted from `ingestedAt`, or without end. */
export type Retention = { readonly days: number } | 'forever';

/** The record in which the host describes a person or thing. */
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
/** Both functions are pure. `found` holds the records that the directory has, by `type/id`. */
export type Admission = {
  readonly needs: (event: AuditEvent) => readonly DirectoryKey[];
  readonly admit: (event: AuditEvent, found: ReadonlyMap<string, DirectoryRecord>) => Admitted;
};

/**
 * A Sigma rule as data, with the events it must and must not find. Alerts from rules are (planned); `testPack` checks the
 * examples.
 */
export type Rule = {
  readonly sigma: JsonObject;
  readonly labels: Labels;
  readonly examples: readonly { readonly events: readonly EventInput[]; readonly matches: boolean }[];
};
/** A list of the dashboard (planned): columns and filters are field paths. `GET /v1/packs` lists the views. */
export type View = {
  readonly labels: Labels;
  readonly columns: readonly string[];
  readonly filters?: readonly string[];
};

/** Which events open and close the sessions of the host's users; every other event with a session id touches one. */
export type SessionActions = {
  readonly open: readonly string[];
  readonly close: Readonly<Record<string, CloseReason>>;
  /**
   * True when the host's session ids are secrets (tokens). Then all entries of the server keep a keyed hash instead of
   * them.
   */
  readonly secret?: boolean;
};

/** An event of a pack: it has only the actions and attributes of the pack. */
export type PackEvent<A extends Actions, T extends AttributeTypes> = Omit<
  EventInput,
  'action' | 'attributes'
> & {
  readonly action: keyof A & string;
  readonly attributes?: AttributesOf<T>;
};
/**
 * Takes one argument (over HTTP: the body) and captures events. It may resolve to null for an event that was not stored,
 * as a host's own function did.
 */
export type Logger = (input: never) => Captured | Promise<CaptureReceipt | null>;
export type Loggers = Readonly<Record<string, Logger>>;

/**
 * A route of the pack (`POST /api/loans/remind/`) as a command. `options` maps the name of an option to a parameter of the
 * route.
 */
export type Command = {
  readonly route: string;
  readonly options?: Readonly<Record<string, string>>;
  readonly labels: Labels;
};

/** The newest entries that a pack wants to be held ready. When several packs ask, the largest limit counts. */
export type RecentDeclaration = {
  /** Each index is a list of filter fields: `[['subject'], ['subject', 'attributes.period']]`. */
  readonly indexes?: readonly (readonly string[])[];
  /** Default: 7. */
  readonly days?: number;
  /** For each value of an index; default: 1,000. */
  readonly entriesMaxPerKey?: number;
};

/** The declaration that a pack's author writes. */
export type PackDeclaration<A extends Actions, T extends AttributeTypes, L extends Loggers = Loggers> = {
  /** Kebab-case; part of URLs and of the ledger's name. */
  readonly name: string;
  readonly actions: A;
  /** Absent: attributes are not checked. */
  readonly attributes?: T;
  readonly labels?: Vocabulary;
  readonly personal?: PersonalDeclarations;
  /** Attribute paths (`attributes.state`) counted in rollups and facets (planned). Every attribute has facets without it. */
  readonly indexed?: readonly string[];
  /** Lists of the newest entries that are often asked for. The server holds them ready beside the database. */
  readonly recent?: RecentDeclaration;
  /** Absent: the retention of the tenant's default ledger. */
  readonly retention?: Retention;
  readonly sessions?: SessionActions;
  readonly admission?: Admission;
  readonly loggers?: (capture: Capture<PackEvent<A, T>>) => L;
  /**
   * The arguments of loggers over HTTP, by logger name, each `in: 'body'`. A missing, wrong or unknown argument is refused. For
   * a logger that is not listed, only the event is checked.
   */
  readonly arguments?: Readonly<Record<string, Params>>;
  /**
   * Field of an event (`occurredAt`) → the name of the hosts (`timestamp`). Refusals of loggers and routes use this name. When
   * there are several, it is the first that the logger takes.
   */
  readonly fieldNames?: Readonly<Record<string, string | readonly string[]>>;
  readonly rules?: Readonly<Record<string, Rule>>;
  /** Reports (planned). Until then `testPack` checks them. */
  readonly reports?: Readonly<Record<string, Report>>;
  readonly views?: Readonly<Record<string, View>>;
  readonly routes?: readonly Route[];
  /**
   * Role of the host's users → its permissions (of routes, of reports and of the core). A built-in role among them
   * (`auditor`) adds its permissions and its reach. With `read.pack` the role reaches every entry of the pack's actions.
   * Without either, people with the role reach only their own entries.
   */
  readonly roles?: Readonly<Record<string, readonly string[]>>;
  /**
   * The form of errors for older clients of the pack's routes and loggers: a member of the body beside those of RFC 9457, and
   * its texts by code (docs/reference/errors.md). `{parameter}` stands for the field at fault. Without a text the member has
   * the English detail.
   */
  readonly errors?: { readonly member: string; readonly texts?: Readonly<Record<string, string>> };
  /** Invented activity that ends at `now` (ms since 1970). The same `now` gives the same activity. */
  readonly demo?: (now: number) => readonly PackEvent<A, T>[];
  /** Commands of the command line (`stats build`) that call a route. */
  readonly commands?: Readonly<Record<string, Command>>;
  /** Events as the pack's hosts report them; `testPack` needs at least one. */
  readonly examples?: readonly PackEvent<A, T>[];
};

/** A valid declaration, frozen. */
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

/**
 * A pack's loggers, ready to be called. They check nothing; the events that they capture are parsed and admitted like any
 * event.
 */
export function loggersOf(
  pack: Pick<AnyPack, 'loggers'>,
  capture: Capture,
): Readonly<Record<string, (input: unknown) => ReturnType<Logger>>> {
  // The type of a logger's input is known only in its pack. Here the input is any value that the host sent.
  return (pack.loggers?.(capture as never) ?? {}) as Readonly<
    Record<string, (input: unknown) => ReturnType<Logger>>
  >;
}

/**
 * The ledger of a pack's events: a ledger of the pack when its retention differs from the tenant's default ledger,
 * otherwise the default ledger.
 */
export function ledgerOf(
  pack: AnyPack,
  tenant: { readonly name: string; readonly retention: Retention },
): string {
  return pack.retention === undefined || sameRetention(pack.retention, tenant.retention)
    ? tenant.name
    : `${tenant.name}.${pack.name}`;
}

function sameRetention(a: Retention, b: Retention): boolean {
  if (a === 'forever' || b === 'forever') return a === b;
  return a.days === b.days;
}
