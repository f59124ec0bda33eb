export type { AppendAnswer, AppendResult, Receipt } from './append-answer.ts';
export { createClient, type Client } from './client.ts';
export { ClientError, type Problem } from './client-error.ts';
export type { DirectoryApi, DirectoryFields, DirectoryRecord } from './directory-api.ts';
export type { Entry } from './entry.ts';
export type { EventFilter } from './event-filter.ts';
export type {
  EventsApi,
  FacetsAnswer,
  HistogramAnswer,
  RelatedAnswer,
  RelatedEntries,
  SearchAnswer,
  SearchOptions,
} from './events-api.ts';
export type { HealthApi, Readiness } from './health-api.ts';
export type { ApiKey, KeyInput, KeysApi } from './keys-api.ts';
export type { Ledger, LedgersApi } from './ledgers-api.ts';
export type { PackAttribute, PackDescription, PackLabels, PacksApi } from './packs-api.ts';
export type { RecentApi, RecentStatus, RecentSync } from './recent-api.ts';
export type { ProjectionsApi, Rebuilt } from './projections-api.ts';
export type { RetentionApi, RetentionRun } from './retention-api.ts';
export type { TailedEntry, TailOptions } from './tail.ts';
export type { Tenant, TenantsApi } from './tenants-api.ts';
export type { CheckReport, TlogApi, ValueFaults } from './tlog-api.ts';
export type { Role, RoleName, SentLink, User, UserChange, UserInput, UsersApi } from './users-api.ts';
export type { ClientOptions } from './transport.ts';
