import type { Actor, Client, EventView, JsonObject } from '@bitacora/event';
import type { CloseReason } from './close-reason.ts';
import type { DirectoryKey } from './directory-key.ts';
import type { Plan, Read } from './read.ts';

/** An entry as the core answers it. */
export type EntryAnswer = {
  readonly index: number;
  readonly id: string;
  readonly ledger: string;
  /** RFC 3339. */
  readonly ingestedAt: string;
  readonly event: EventView;
  /** Groups of personal values that differ from their commitments. */
  readonly altered?: readonly string[];
};

export type SearchPage = {
  readonly entries: readonly EntryAnswer[];
  /** Cursors; null at the ends. */
  readonly next: string | null;
  readonly previous: string | null;
  readonly source: 'recent' | 'postgres';
  /** Present when the read asked for it. */
  readonly count?: number;
  readonly exact?: boolean;
};

/** A session of one of the host's users. Times are RFC 3339, durations milliseconds. */
export type SessionAnswer = {
  readonly id: string;
  readonly ledger: string;
  readonly index: number;
  readonly sessionId: string | null;
  readonly actor: Actor;
  readonly client: Client;
  readonly startedAt: string;
  readonly lastSeenAt: string;
  readonly active: boolean;
  readonly closedAt: string | null;
  readonly closeReason: CloseReason | null;
  readonly durationMs: number;
};

export type SessionsPage = {
  readonly sessions: readonly SessionAnswer[];
  readonly next: string | null;
  /** Present when the read asked for it. */
  readonly count?: number;
};

/** Read kind → its answer. `exact` is false when counting took too long: then there are at least as many entries. */
type AnswersByKind = {
  search: SearchPage;
  entry: EntryAnswer;
  count: { readonly count: number; readonly exact: boolean };
  facets: {
    readonly facets: Readonly<Record<string, readonly { readonly value: string; readonly count: number }[]>>;
    readonly exact: boolean;
  };
  histogram: {
    readonly buckets: readonly {
      /** When the hour or day begins, RFC 3339. */
      readonly from: string;
      /** Absent in a read with `distinct`. */
      readonly count?: number;
      /** Value → count; only in a read with `by`. */
      readonly by?: Readonly<Record<string, number>>;
      /** Only in a read with `distinct`. */
      readonly distinct?: number;
    }[];
    readonly exact: boolean;
  };
  top: {
    readonly values: readonly { readonly count: number; readonly entry: EntryAnswer }[];
    readonly exact: boolean;
  };
  sessions: SessionsPage;
  session: SessionAnswer;
  'session.close': SessionAnswer;
  'sessions.concurrent': {
    readonly actors: readonly { readonly actor: Actor; readonly sessions: readonly SessionAnswer[] }[];
  };
  'sessions.patterns': {
    readonly count: number;
    /** Sessions begun in each hour of the day, and on each day of the week, Monday first. */
    readonly hours: readonly number[];
    readonly weekdays: readonly number[];
    readonly meanDurationMs: number | null;
  };
  /** One record, or all of a type, or null when there is no record of that id. */
  directory: DirectoryAnswer | readonly DirectoryAnswer[] | null;
  /** Rendering a report (planned). */
  report: never;
  export: never;
  append: EntryAnswer;
};

/** A record of the directory: the fields as the host gave them. */
export type DirectoryAnswer = DirectoryKey & {
  readonly fields: JsonObject;
  /** Milliseconds since 1970. */
  readonly updatedAt: number;
};

/** The answer of the core to a read. It has the shape of the body in the public API. */
export type AnswerOf<R extends Read> = AnswersByKind[R['read']];

/** Read name → its answer. */
export type AnswersOf<P extends Plan> = {
  readonly [Name in Extract<keyof P, string>]: AnswerOf<P[Name]>;
};
