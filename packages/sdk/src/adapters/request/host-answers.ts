import { limits, type EventInput } from '@bitacora/event';
import { cleanText } from './clean-text.ts';

type ActorFields = EventInput['actor'];
export type Ask = <Result>(name: string, question: () => Result) => Result | undefined;

const none: string[] = [];

/**
 * Calls functions of the host, which may throw. Then the answer is undefined and the function's name is in `failed`, so that
 * the event says, for instance, that its actor is unknown because `actorOf` failed.
 */
export function createAsk(): { readonly ask: Ask; failed(): readonly string[] } {
  let failed: string[] = none;
  const ask: Ask = (name, question) => {
    try {
      return question();
    } catch {
      if (!failed.includes(name)) failed = [...failed, name];
      return undefined;
    }
  };
  return { ask, failed: () => failed };
}

/** The host's actor in a valid form: a field that is wrong is left out, so that the event is not rejected. Undefined without an id. */
export function actorFrom(answer: unknown): ActorFields | undefined {
  if (typeof answer !== 'object' || answer === null || !('id' in answer)) return undefined;
  const id = textFrom(answer.id, limits.idLengthMaxChars);
  if (id === undefined) return undefined;
  const name = textFrom(member(answer, 'name'), limits.nameLengthMaxChars);
  const email = textFrom(member(answer, 'email'), limits.emailLengthMaxChars);
  const role = textFrom(member(answer, 'role'), limits.wordLengthMaxChars);
  const type = typeFrom(member(answer, 'type'));
  const onBehalfOf = partyFrom(member(answer, 'onBehalfOf'));
  return {
    id,
    ...(type !== undefined && { type }),
    ...(name !== undefined && { name }),
    ...(email !== undefined && { email }),
    ...(role !== undefined && { role }),
    ...(onBehalfOf !== undefined && { onBehalfOf }),
  };
}

/** A text, or a number as text; undefined for anything else, and for a text that is empty or too long. */
export function textFrom(answer: unknown, lengthMaxChars: number): string | undefined {
  const text = typeof answer === 'number' || typeof answer === 'bigint' ? String(answer) : answer;
  if (typeof text !== 'string' || text === '' || text.length > lengthMaxChars) return undefined;
  return cleanText(text);
}

function typeFrom(answer: unknown): ActorFields['type'] {
  return answer === 'user' || answer === 'service' || answer === 'agent' || answer === 'system'
    ? answer
    : undefined;
}

function partyFrom(answer: unknown): ActorFields['onBehalfOf'] {
  if (typeof answer !== 'object' || answer === null) return undefined;
  const type = textFrom(member(answer, 'type'), limits.wordLengthMaxChars);
  const id = textFrom(member(answer, 'id'), limits.idLengthMaxChars);
  const name = textFrom(member(answer, 'name'), limits.nameLengthMaxChars);
  return {
    ...(type !== undefined && { type }),
    ...(id !== undefined && { id }),
    ...(name !== undefined && { name }),
  };
}

function member(object: object, name: string): unknown {
  return Reflect.get(object, name);
}
