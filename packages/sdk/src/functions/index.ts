export { auditContext, type AuditBlock, type BlockFields } from './audit-block.ts';
export { audited, type AuditedDecorator, type AuditedOptions, type FromCall } from './audited.ts';
export {
  defineEvents,
  type AttributeSpec,
  type DefinedEvent,
  type DefinedEvents,
  type EventSpec,
  type EventSpecs,
  type TypedAudit,
  type Violation,
} from './define-events.ts';
export { diff, type DiffOptions } from './diff.ts';
