import { columnName } from './statement-cursor.ts';

/** Things to do once the transaction commits; what a savepoint rolls back is forgotten with it. */
export interface WaitingEvents {
  add(run: () => void): void;
  /** Looks at a statement that succeeded, and at how the transaction stands after it. */
  follow(text: string, inTransaction: boolean): void;
}

const savepoint =
  /^\s*(savepoint|rollback\s+(?:work\s+|transaction\s+)?to(?:\s+savepoint)?|release(?:\s+savepoint)?)\s+("(?:[^"]|"")*"|[\w$]+)/i;
const rolledBack = /^\s*(?:rollback|abort)\b/i;
/** Ends the transaction and begins the next. */
export const chains = /\band\s+chain\b/i;

export function createWaitingEvents(): WaitingEvents {
  let waiting: (() => void)[] = [];
  let savepoints: { readonly name: string; readonly length: number }[] = [];
  return {
    add: (run) => void waiting.push(run),
    follow(text, inTransaction) {
      const [, verb = '', written = ''] = savepoint.exec(text) ?? [];
      const name = columnName(written);
      if (/^savepoint/i.test(verb)) savepoints.push({ name, length: waiting.length });
      const at = savepoints.findLastIndex((one) => one.name === name);
      if (/^rollback/i.test(verb) && at >= 0) {
        waiting.length = savepoints[at]?.length ?? 0;
        savepoints.length = at + 1;
      }
      if (/^release/i.test(verb) && at >= 0) savepoints.length = at;
      if (inTransaction && !chains.test(text)) return;
      const committed = rolledBack.test(text) ? [] : waiting;
      waiting = [];
      savepoints = [];
      for (const run of committed) run();
    },
  };
}
