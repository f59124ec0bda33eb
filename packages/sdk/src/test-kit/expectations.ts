import { AssertionError } from 'node:assert';
import type { AuditEvent } from '@bitacora/event';
import { describeCaptured, formatValue } from './describe-captured.ts';
import { mismatches, type Expected } from './match-event.ts';

/** The events captured until now. */
export interface CapturedEvents {
  events(): Promise<readonly AuditEvent[]>;
  /** Each rejection as a line. */
  rejections(): readonly string[];
}

export interface Expectations {
  expectAudit(expected: string | Expected, options?: { readonly times?: number }): Promise<AuditEvent>;
  expectNoAudit(expected?: string | Expected): Promise<void>;
}

export function createExpectations(captured: CapturedEvents): Expectations {
  async function expectAudit(
    wanted: string | Expected,
    { times }: { readonly times?: number } = {},
  ): Promise<AuditEvent> {
    const expected = fieldsOf(wanted);
    const all = await captured.events();
    const matching = all.filter((event) => mismatches(expected, event).length === 0);
    const last = matching.at(-1);
    if (last !== undefined && (times === undefined || matching.length === times)) return last;
    const count = times === undefined ? '' : ` ${times} times, but was ${matching.length} times`;
    const description = describeCaptured(expected, all, captured.rejections());
    throw new AssertionError({
      message: `Expected an event ${formatValue(expected)}${count}.\n${description}`,
      actual: all,
      expected,
      operator: 'expectAudit',
      stackStartFn: expectAudit,
    });
  }

  async function expectNoAudit(wanted: string | Expected = {}): Promise<void> {
    const expected = fieldsOf(wanted);
    const all = await captured.events();
    const matching = all.filter((event) => mismatches(expected, event).length === 0);
    if (matching.length === 0) return;
    throw new AssertionError({
      message: `Expected no event ${formatValue(expected)}.\n${describeCaptured(expected, matching, [])}`,
      actual: matching,
      expected: [],
      operator: 'expectNoAudit',
      stackStartFn: expectNoAudit,
    });
  }

  return { expectAudit, expectNoAudit };
}

function fieldsOf(wanted: string | Expected): Expected {
  return typeof wanted === 'string' ? { action: wanted } : wanted;
}
