import { eachInTurn, type LoopTurns } from '../loop-turns.ts';

/** An answer whose JSON text has been made already. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/**
 * Makes the JSON of a list from its members. The text of each member is made once and kept: the entries of recent are asked
 * for again and again, and making the text of 50 of them takes longer than all the rest of the answer.
 */
export function createMemberTexts<T extends object>(
  shown: (member: T) => unknown,
  turns?: LoopTurns,
): (members: readonly T[]) => Promise<string> {
  const texts = new WeakMap<T, string>();
  const textOf = (member: T): string => {
    const existing = texts.get(member);
    if (existing !== undefined) return existing;
    const text = JSON.stringify(shown(member));
    texts.set(member, text);
    return text;
  };
  return async (members) => `[${(await eachInTurn(members, textOf, turns)).join(',')}]`;
}
