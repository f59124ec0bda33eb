export { createTestAudit, type TestAudit } from './create-test-audit.ts';
export { createMemoryTransport, type MemoryTransport } from './memory-transport.ts';
export type { Expected } from './match-event.ts';
export type { TestClock } from './test-clock.ts';
