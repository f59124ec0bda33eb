import type { AuditEvent } from '@bitacora/event';
import { mismatches, type Expected } from './match-event.ts';

const shownMax = 10;
const textShownMaxChars = 200;

/** Describes how the nearest event differs from the expected one, and lists all captured events. */
export function describeCaptured(
  expected: Expected,
  events: readonly AuditEvent[],
  rejected: readonly string[],
): string {
  const nearest = events
    .map((event) => ({ event, wrong: mismatches(expected, event) }))
    .toSorted((a, b) => a.wrong.length - b.wrong.length)[0];
  const difference =
    nearest === undefined
      ? []
      : [
          `The nearest, ${lineOf(nearest.event)}, differs:`,
          ...nearest.wrong.map(
            ({ path, expected: wanted, actual }) =>
              `  ${path || 'event'}\n    - ${formatValue(wanted)}\n    + ${formatValue(actual)}`,
          ),
        ];
  const captured = events.slice(-shownMax).map((event) => `  ${lineOf(event)}`);
  const left = events.length > shownMax ? [`  (and ${events.length - shownMax} before)`] : [];
  return [
    ...difference,
    events.length === 0 ? 'Nothing was captured.' : `Captured (${events.length}):`,
    ...left,
    ...captured,
    ...rejected.map((line) => `Rejected: ${line}`),
  ].join('\n');
}

function lineOf(event: AuditEvent): string {
  const target = event.targets?.[0];
  const on = target === undefined ? '' : ` on ${target.type}/${target.id}`;
  return `${event.action} by ${event.actor.id}${on}${event.outcome === undefined ? '' : ` (${event.outcome})`}`;
}

export function formatValue(value: unknown): string {
  if (typeof value === 'function') return `a value for which ${value.name || 'the function'} returns true`;
  if (value instanceof RegExp) return String(value);
  const text = value === undefined ? 'nothing' : (JSON.stringify(value, readable) ?? typeof value);
  return text.length > textShownMaxChars ? `${text.slice(0, textShownMaxChars)}…` : text;
}

function readable(_key: string, value: unknown): unknown {
  return typeof value === 'function' || value instanceof RegExp ? formatValue(value) : value;
}
