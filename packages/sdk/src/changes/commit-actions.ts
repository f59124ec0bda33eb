import { columnName } from './statement-cursor.ts';

/** The actions to run after the commit of a transaction. When a savepoint is rolled back, its actions are dropped. */
export interface CommitActions {
  add(action: () => void): void;
  /** Looks at a statement that succeeded, and at whether a transaction is open after it. */
  follow(text: string, inTransaction: boolean): void;
}

const savepoint =
  /^\s*(savepoint|rollback\s+(?:work\s+|transaction\s+)?to(?:\s+savepoint)?|release(?:\s+savepoint)?)\s+("(?:[^"]|"")*"|[\w$]+)/i;
const rollsBack = /^\s*(?:rollback|abort)\b/i;
/** Ends the transaction and begins the next. */
export const chains = /\band\s+chain\b/i;

export function createCommitActions(): CommitActions {
  let actions: (() => void)[] = [];
  let savepoints: { readonly name: string; readonly length: number }[] = [];

  function followSavepoint(text: string): void {
    const [, verb = '', written = ''] = savepoint.exec(text) ?? [];
    const name = columnName(written);
    if (/^savepoint/i.test(verb)) savepoints.push({ name, length: actions.length });
    const at = savepoints.findLastIndex((candidate) => candidate.name === name);
    if (/^rollback/i.test(verb) && at >= 0) {
      actions.length = savepoints[at]?.length ?? 0;
      savepoints.length = at + 1;
    }
    if (/^release/i.test(verb) && at >= 0) savepoints.length = at;
  }

  return {
    add: (action) => void actions.push(action),
    follow(text, inTransaction) {
      followSavepoint(text);
      if (inTransaction && !chains.test(text)) return;
      const committed = rollsBack.test(text) ? [] : actions;
      actions = [];
      savepoints = [];
      for (const action of committed) action();
    },
  };
}
