export type { CaptureReceipt, Captured, EventInput } from '@bitacora/event';
export type { Audit, CaptureInput, CaptureOptions, Mode, OutboxTransaction } from './audit.ts';
export type { AuditOptions, SpoolOptions } from './audit-options.ts';
export type { Delivery, DropReason, DroppedEvent, Health } from './delivery.ts';
export type { Judgement, OutgoingBatch, Posted, Transport } from './send/transport.ts';
export {
  currentContext,
  extendContext,
  onBehalfOf,
  runAs,
  withContext,
  withoutAudit,
  type AuditContext,
} from './context/audit-context.ts';
export { createAudit } from './create-audit.ts';
export { SdkError, type SdkErrorCode } from './sdk-error.ts';
