export { auditRequests } from './audit-listener.ts';
export { auditSession, type AuditSession } from './audit-session.ts';
export { describeRequest } from './current-request.ts';
export type {
  ActorInput,
  RequestOptions,
  RequestPolicy,
  RouteFacts,
  SessionRule,
  SignInRule,
} from './request-options.ts';
