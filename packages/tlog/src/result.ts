/** The result of reading or checking a text that others wrote: a value, or the reason why there is none. */
export type Result<Value, Reason extends string> =
  { readonly ok: true; readonly value: Value } | { readonly ok: false; readonly reason: Reason };
