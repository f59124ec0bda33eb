/**
 * The time by which events are sorted, filtered, counted and drawn (glossary: at): the earlier of host clock and server
 * clock. Both are UTC milliseconds of equal length, so comparing the texts compares the times.
 */
export function at(times: { readonly occurredAt?: string; readonly ingestedAt: string }): string {
  const { occurredAt, ingestedAt } = times;
  return occurredAt !== undefined && occurredAt < ingestedAt ? occurredAt : ingestedAt;
}
