export { Audited } from './audited.ts';
export {
  AuditModule,
  auditFirst,
  auditToken,
  type AuditModuleOptions,
  type NestRequest,
} from './audit-module.ts';
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
