import type { EventInput } from '@bitacora/event';

const codeLengthMaxChars = 200;

/** Makes an event's `error` of a thrown value. The code is its `code`, or else the name of its class unless that is `Error`. */
export function errorFields(thrown: unknown): NonNullable<EventInput['error']> {
  try {
    if (!(thrown instanceof Error)) return { message: String(thrown) };
    const own = 'code' in thrown && typeof thrown.code === 'string' ? thrown.code : undefined;
    const code = own ?? (thrown.name === 'Error' ? undefined : thrown.name);
    const message = String(thrown.message);
    return code === undefined || code.length > codeLengthMaxChars ? { message } : { code, message };
  } catch {
    return { message: 'what was thrown cannot be read' };
  }
}
