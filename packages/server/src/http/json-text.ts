import { eachInTurn, type LoopTurns } from '../loop-turns.ts';

/** An answer whose JSON is made already. */
export class JsonText {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/**
 * Makes the JSON of a list's members, each once: those that recent holds are asked for again and again, and writing 50
 * of them anew takes longer than all the rest of the answer.
 */
export function createMemberTexts<T extends object>(
  shown: (member: T) => unknown,
  turns?: LoopTurns,
): (members: readonly T[]) => Promise<string> {
  const texts = new WeakMap<T, string>();
  const textOf = (member: T): string => {
    const known = texts.get(member);
    if (known !== undefined) return known;
    const made = JSON.stringify(shown(member));
    texts.set(member, made);
    return made;
  };
  return async (members) => `[${(await eachInTurn(members, textOf, turns)).join(',')}]`;
}
