export {
  createOutboxForwarder,
  type Forwarded,
  type OutboxForwarder,
  type OutboxForwarderOptions,
} from './create-outbox-forwarder.ts';
export { outboxInstallSql } from './install-outbox.ts';
export { outboxPost, type OutboxPostOptions } from './outbox-post.ts';
export { createOutboxReader, type OutboxRow } from './outbox-row.ts';
export { writeOutbox } from '../capture/write-outbox.ts';
export type { OutboxEvent, OutboxVerdict, SendOutbox } from './send-outbox.ts';
