import type { AuditEvent } from '@bitacora/event';
import type { Audit } from '../audit.ts';
import type { AuditOptions } from '../settings/audit-options.ts';
import { createAudit } from '../capture/create-audit.ts';
import type { SdkError } from '../sdk-error.ts';
import { createExpectations } from './expectations.ts';
import type { Expected } from './match-event.ts';
import { createMemoryTransport } from './memory-transport.ts';
import { createTestClock, type TestClock } from './test-clock.ts';

/** An audit for tests: it does all that a real one does, except that the events stay in memory. */
export interface TestAudit {
  readonly audit: Audit;
  /** Stands at 2026-03-01T10:00:00Z until a test moves it, so that the times of events are exact. */
  readonly clock: TestClock;
  /** Everything that was captured until now, as the server would store it, redacted. */
  events(): Promise<readonly AuditEvent[]>;
  /** Why events were rejected. */
  errors(): Promise<readonly SdkError[]>;
  /**
   * Resolves with the last event that has this action, or these fields (a part of an event, with regular expressions and
   * functions for values). Rejects with an `AssertionError` that says what was captured instead. `times`: exactly so many
   * events must match.
   */
  expectAudit(expected: string | Expected, options?: { readonly times?: number }): Promise<AuditEvent>;
  /** Rejects when any event matches. */
  expectNoAudit(expected?: string | Expected): Promise<void>;
  /** Forgets what was captured until now. */
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
