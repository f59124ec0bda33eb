import { limits } from './limits.ts';

/** Every reason to refuse an event: code → text. HTTP problem types are made from the codes. */
export const rejections = Object.freeze({
  malformed_json: 'the text is not JSON',
  too_deep: `nested deeper than ${limits.depthMax} levels`,
  too_many_keys: `more than ${limits.keysMax} keys`,
  too_large: `larger than ${limits.eventSizeMaxBytes} bytes`,
  too_many_events: 'too many events in one request',
  duplicate_key: 'the same key twice in one object',
  forbidden_key: 'this key is not allowed',
  lone_surrogate: 'the text holds half of a surrogate pair and is not valid Unicode',
  nul_character: 'the text holds U+0000',
  unsafe_number: 'the number cannot be kept exactly; send it as a string',
  not_json: 'the value is not JSON',
  unreadable: 'the value could not be read',
  unknown_field: 'no such field in an event',
  required: 'the field is required',
  wrong_type: 'the value has the wrong type',
  not_allowed: 'the value is not one of those allowed',
  invalid_format: 'the value has the wrong form',
  out_of_range: 'the value is out of range',
  too_short: 'the text is empty',
  too_long: 'the text is too long',
  too_many: 'the list is too long',
  conflict: 'the field contradicts another',
  unknown_reference: 'what the field refers to is not known',
  refused_by_pack: 'the pack does not admit the event',
});

export type RejectionCode = keyof typeof rejections;

/** Why an event was refused. `field` is a path such as `changes[3].path` (empty: the whole event), `position` a byte offset. */
export type Rejection = {
  readonly code: RejectionCode;
  readonly field: string;
  readonly message: string;
  readonly position?: number;
};

/** Makes a rejection with the table's text; `detail` says what is allowed and never repeats the value. */
export function reject(
  code: RejectionCode,
  field: string,
  extra: { detail?: string; position?: number } = {},
): Rejection {
  const text = rejections[code];
  const message = extra.detail === undefined ? text : `${text}: ${extra.detail}`;
  const shown = shorten(field);
  return extra.position === undefined
    ? { code, field: shown, message }
    : { code, field: shown, message, position: extra.position };
}

/** The path of `key` below `path`: `a.b`, `a[3]`, or `a["odd key"]`. */
export function fieldPath(path: string, key: string | number): string {
  if (typeof key === 'number') return `${path}[${key}]`;
  if (!/^[A-Za-z_$][\w$-]*$/.test(key)) return `${path}[${JSON.stringify(key)}]`;
  return path === '' ? key : `${path}.${key}`;
}

function shorten(field: string): string {
  if (field.length <= limits.rejectionFieldMaxChars) return field.toWellFormed();
  return `${field.slice(0, limits.rejectionFieldMaxChars).toWellFormed()}…`;
}
