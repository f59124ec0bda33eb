/** Whether a text may name a key: not empty, no Unicode spaces, no plus, no control characters (C2SP signed-note). */
export function isKeyName(name: string): boolean {
  return name.length > 0 && name.isWellFormed() && !/[\p{White_Space}+\u0000-\u001f]/u.test(name);
}
