export { auditRequests, type ExpressAudit, type ExpressRequest } from './audit-requests.ts';
export {
  auditSession,
  describeRequest,
  type ActorInput,
  type AuditSession,
  type RequestOptions,
  type RequestPolicy,
  type RouteFacts,
  type SessionRule,
  type SignInRule,
} from '../request/index.ts';
