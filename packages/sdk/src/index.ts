export type { CaptureReceipt, Captured, EventInput } from '@bitacora/event';
export type { Audit, CaptureInput, CaptureOptions, Mode, OutboxTransaction } from './audit.ts';
export type { AuditOptions, SpoolOptions } from './settings/audit-options.ts';
export type { Delivery, DropReason, DroppedEvent, Health } from './delivery.ts';
export type { Judgement, OutgoingBatch, Posted, Transport } from './send/transport.ts';
export { parseTraceparent, type TraceIds } from './context/active-trace.ts';
export {
  currentContext,
  extendContext,
  onBehalfOf,
  runAs,
  withContext,
  withoutAudit,
  type AuditContext,
} from './context/audit-context.ts';
export {
  contextHeader,
  contextHeaderName,
  parseContextHeader,
  withContextHeader,
} from './context/context-header.ts';
export { withFixedContext } from './context/fixed-context.ts';
export { createAudit } from './capture/create-audit.ts';
export type { RedactOptions } from './redact/redact-options.ts';
export { SdkError, type SdkErrorCode } from './sdk-error.ts';
