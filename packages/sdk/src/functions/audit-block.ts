import { randomUUID } from 'node:crypto';
import type { Audit, CaptureInput, Mode } from '../audit.ts';
import { currentContext, withContext } from '../context/audit-context.ts';
import { errorFields } from './error-fields.ts';
import { settle } from './settle.ts';

/** The fields of a block's event. Its outcome, start, duration and error come from the block. */
export type BlockFields = Omit<CaptureInput, 'id' | 'outcome' | 'durationMs' | 'occurredAt' | 'error'> & {
  readonly mode?: Mode;
  /** True: a `pending` event is captured at the start, so that a block that never ends is recorded too. */
  readonly announce?: boolean;
};

/** A block of work that becomes one event when it ends. */
export interface AuditBlock {
  /** The correlation id of the block's events and of the events captured inside it. */
  readonly correlationId: string;
  /** Adds fields to the block's event, or replaces them; `attributes` are merged. */
  add(fields: Partial<Omit<BlockFields, 'action' | 'mode' | 'announce'>>): void;
  /** Makes the outcome `success`, unless `fail` is called later. */
  succeed(): void;
  /** Makes the outcome `failure` with this error, unless `succeed` is called later. */
  fail(error: unknown): void;
  /** Captures the event, once. Waits when `capture` returns a promise, as it does in mode `strict`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Runs `run` and captures one event of it: its start, duration, outcome, and the error when it throws. The caller gets the
 * error unchanged. Events captured inside have the block's correlation id. `block.fail(error)` makes the block a failure
 * although nothing was thrown.
 */
export function auditContext<Result>(
  audit: Audit,
  fields: BlockFields,
  run: (block: AuditBlock) => Result,
): Result;
/**
 * For `await using block = auditContext(audit, …)`. In JavaScript a block cannot find out whether an error ended it. So a
 * block that did not call `block.succeed()` is recorded as a failure with the code `unfinished`.
 */
export function auditContext(audit: Audit, fields: BlockFields): AuditBlock;
export function auditContext<Result>(
  audit: Audit,
  fields: BlockFields,
  run?: (block: AuditBlock) => Result,
): Result | AuditBlock {
  const { block, end } = openBlock(audit, fields);
  if (run === undefined) return block;
  return settle(
    () => withContext({ correlationId: block.correlationId }, () => run(block)),
    (ended) => {
      if (ended.outcome === 'failure') block.fail(ended.error);
      else if (!block.isSettled()) block.succeed();
      return end();
    },
  );
}

type OpenBlock = AuditBlock & { isSettled(): boolean };
type Outcome = Pick<CaptureInput, 'outcome' | 'error'>;

const unfinished: Outcome = {
  outcome: 'failure',
  error: { code: 'unfinished', message: 'the block ended without succeed()' },
};

function openBlock(
  audit: Audit,
  given: BlockFields,
): { block: OpenBlock; end: () => ReturnType<Audit['capture']> } {
  const { mode, announce, ...first } = given;
  const options = mode === undefined ? undefined : { mode };
  const correlationId = first.correlationId ?? currentContext().correlationId ?? randomUUID();
  const started = performance.now();
  // Both events have the time of the start.
  const occurredAt = new Date().toISOString();
  let fields: CaptureInput = { ...first, correlationId, occurredAt };
  let outcome: Outcome | undefined;
  let hasEnded = false;
  if (announce === true)
    void Promise.resolve(audit.capture({ ...fields, outcome: 'pending' }, options)).catch(() => undefined);

  const end = (): ReturnType<Audit['capture']> => {
    if (hasEnded) return undefined;
    hasEnded = true;
    const durationMs = performance.now() - started;
    return audit.capture({ ...fields, durationMs, ...(outcome ?? unfinished) }, options);
  };
  const block: OpenBlock = {
    correlationId,
    add(more) {
      const attributes = { ...fields.attributes, ...more.attributes };
      fields = { ...fields, ...more, ...(Object.keys(attributes).length > 0 && { attributes }) };
    },
    succeed: () => void (outcome = { outcome: 'success' }),
    fail: (error) => void (outcome = { outcome: 'failure', error: errorFields(error) }),
    isSettled: () => outcome !== undefined,
    async [Symbol.asyncDispose]() {
      try {
        await end();
      } catch {
        // The audit counts and reports an event that it could not capture, so leaving the block does not throw.
      }
    },
  };
  return { block, end };
}
