import type { AuditEvent } from '@bitacora/event';
import type { Audit } from '../audit.ts';
import type { AuditOptions } from '../settings/audit-options.ts';
import { createAudit } from '../capture/create-audit.ts';
import type { SdkError } from '../sdk-error.ts';
import { createExpectations } from './expectations.ts';
import type { Expected } from './match-event.ts';
import { createMemoryTransport } from './memory-transport.ts';
import { createTestClock, type TestClock } from './test-clock.ts';

/** An audit for tests. It works like a real audit, except that the events stay in memory. */
export interface TestAudit {
  readonly audit: Audit;
  /** The clock of the audit. It stays at 2026-03-01T10:00:00Z until a test moves it, so that the times of events are exact. */
  readonly clock: TestClock;
  /** All events captured until now, redacted, as the server would store them. */
  events(): Promise<readonly AuditEvent[]>;
  /** The reasons for which events were rejected. */
  errors(): Promise<readonly SdkError[]>;
  /**
   * Resolves with the last event that has this action or these fields. The fields are a part of an event; a value may be a
   * regular expression or a function. With `times`, exactly this number of events must match. Rejects with an
   * `AssertionError` that lists the captured events.
   */
  expectAudit(expected: string | Expected, options?: { readonly times?: number }): Promise<AuditEvent>;
  /** Rejects when any event matches. */
  expectNoAudit(expected?: string | Expected): Promise<void>;
  /** Removes all events captured until now. */
  clear(): Promise<void>;
}

const startMs = Date.UTC(2026, 2, 1, 10);

/** Takes the options of `createAudit`, so that a test has the redaction and the modes of the application. */
export function createTestAudit(
  options: Omit<AuditOptions, 'transport' | 'clock' | 'url' | 'key'> = {},
): TestAudit {
  const memory = createMemoryTransport();
  const clock = createTestClock(startMs);
  let errors: SdkError[] = [];
  const audit = createAudit({
    name: 'test',
    ...options,
    transport: memory.transport,
    clock: clock.now,
    onError(error) {
      errors.push(error);
      options.onError?.(error);
    },
  });

  async function events(): Promise<readonly AuditEvent[]> {
    await audit.flush();
    return [...memory.events()];
  }
  const { expectAudit, expectNoAudit } = createExpectations({
    events,
    rejections: () => errors.map(({ field, message }) => (field ? `${field}: ${message}` : message)),
  });

  return Object.freeze({
    audit,
    clock,
    events,
    async errors() {
      await audit.flush();
      return [...errors];
    },
    expectAudit,
    expectNoAudit,
    async clear() {
      await audit.flush();
      memory.clear();
      errors = [];
    },
  });
}
