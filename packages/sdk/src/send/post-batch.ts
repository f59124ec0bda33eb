import { withoutAudit } from '../context/audit-context.ts';
import type { Feed, FeedBatch } from './feed.ts';
import { formatSequences } from './sequence-ranges.ts';
import type { Judgement, Posted, Transport } from './transport.ts';

/** Passes a batch of a feed to the transport. Never rejects: an error of the transport counts as `later`. */
export async function postBatch(
  transport: Transport,
  { events }: FeedBatch,
  { instance, signal }: Pick<Feed, 'instance'> & { readonly signal: AbortSignal },
): Promise<Posted> {
  const batch = {
    instance,
    sequences: formatSequences(events.map(({ sequence }) => sequence)),
    ids: events.map(({ id }) => id),
    events: events.map(({ json }) => json),
  };
  try {
    return await withoutAudit(() => transport(batch, signal));
  } catch (cause) {
    return { kind: 'later', reason: `no answer: ${String(cause)}`, cause };
  }
}

/** The judgement of each event of a batch; a batch that was refused as a whole has the same one for all. */
export function judgementsOf(
  { events }: FeedBatch,
  posted: Exclude<Posted, { kind: 'later' }>,
): readonly Judgement[] {
  if (posted.kind === 'judged') return posted.judgements;
  const message = posted.kind === 'refused' ? posted.reason : 'the event alone is too large for the server';
  return events.map(() => ({ state: 'rejected', rejection: { code: 'refused', field: '', message } }));
}
