export type { Audit } from './audit.ts';
export type { AuditOptions } from './audit-options.ts';
export type { Delivery, DroppedEvent, Health } from './delivery.ts';
export { createAudit } from './create-audit.ts';
export { SdkError, type SdkErrorCode } from './sdk-error.ts';
