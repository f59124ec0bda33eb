/**
 * The time that sorts, filters, buckets and draws (glossary: at): the earlier of host clock and server clock. Both are
 * UTC milliseconds of equal length, so their texts compare as the times do.
 */
export function at(times: { readonly occurredAt?: string; readonly ingestedAt: string }): string {
  const { occurredAt, ingestedAt } = times;
  return occurredAt !== undefined && occurredAt < ingestedAt ? occurredAt : ingestedAt;
}
