export {
  createOutboxForwarder,
  type Forwarded,
  type OutboxEvent,
  type OutboxForwarder,
  type OutboxForwarderOptions,
  type OutboxVerdict,
  type SendOutbox,
} from './create-outbox-forwarder.ts';
export { outboxInstallSql } from './install-outbox.ts';
export { outboxPost, type OutboxPostOptions } from './outbox-post.ts';
export { createOutboxReader, type OutboxRow } from './outbox-row.ts';
export { writeOutbox } from './write-outbox.ts';
