import { AssertionError } from 'node:assert';
import type { AuditEvent } from '@bitacora/event';
import type { Audit } from '../audit.ts';
import type { AuditOptions } from '../settings/audit-options.ts';
import { createAudit } from '../capture/create-audit.ts';
import type { SdkError } from '../sdk-error.ts';
import { describeCaptured, shown } from './describe-captured.ts';
import { mismatches, type Expected } from './match-event.ts';
import { createMemoryTransport } from './memory-transport.ts';
import { createTestClock, type TestClock } from './test-clock.ts';

/** An audit for tests: all that a real one does, except that the events stay in memory. */
export interface TestAudit {
  readonly audit: Audit;
  /** Stands at 2026-03-01T10:00:00Z until moved: an event's time is exact. */
  readonly clock: TestClock;
  /** Everything captured until now, as the server would store it, redacted. */
  events(): Promise<readonly AuditEvent[]>;
  /** Why events were rejected. */
  errors(): Promise<readonly SdkError[]>;
  /**
   * Resolves with the last event that has this action, or these fields (a part of an event; regular expressions and functions
   * judge values). Rejects with an `AssertionError` that says what was captured instead. `times`: exactly so many.
   */
  expectAudit(expected: string | Expected, options?: { readonly times?: number }): Promise<AuditEvent>;
  /** Rejects when any event matches. */
  expectNoAudit(expected?: string | Expected): Promise<void>;
  /** Forgets what was captured until now. */
  clear(): Promise<void>;
}

const startMs = Date.UTC(2026, 2, 1, 10);

/** Options are those of `createAudit`, so that redaction and modes are the application's own. */
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
  const rejected = (): string[] =>
    errors.map(({ field, message }) => (field ? `${field}: ${message}` : message));

  async function expectAudit(
    wanted: string | Expected,
    { times }: { readonly times?: number } = {},
  ): Promise<AuditEvent> {
    const expected = typeof wanted === 'string' ? { action: wanted } : wanted;
    const all = await events();
    const matching = all.filter((event) => mismatches(expected, event).length === 0);
    const last = matching.at(-1);
    if (last !== undefined && (times === undefined || matching.length === times)) return last;
    const count = times === undefined ? '' : ` ${times} times, but was ${matching.length} times`;
    throw new AssertionError({
      message: `Expected an event ${shown(expected)}${count}.\n${describeCaptured(expected, all, rejected())}`,
      actual: all,
      expected,
      operator: 'expectAudit',
      stackStartFn: expectAudit,
    });
  }

  async function expectNoAudit(wanted: string | Expected = {}): Promise<void> {
    const expected = typeof wanted === 'string' ? { action: wanted } : wanted;
    const found = (await events()).filter((event) => mismatches(expected, event).length === 0);
    if (found.length === 0) return;
    throw new AssertionError({
      message: `Expected no event ${shown(expected)}.\n${describeCaptured(expected, found, [])}`,
      actual: found,
      expected: [],
      operator: 'expectNoAudit',
      stackStartFn: expectNoAudit,
    });
  }

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
