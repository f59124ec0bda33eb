import { once } from 'node:events';
import { AuditError } from '../audit-error.ts';
import type { EntryView } from '../ledger/index.ts';
import { tail, type ReadContext } from '../read/index.ts';
import type { EntryFilters } from '../query/index.ts';
import type { FastifyReply } from 'fastify';
import type { Call } from '../http/index.ts';

const heartbeatMs = 15_000;
const checkGrantEveryMs = 1_000;

/**
 * Writes the tail as server-sent events: `id` resumes, `event: entry` carries one entry. When a client does not read, the
 * stream waits, and the server buffers no more. The stream ends when the key of the caller is revoked.
 */
export async function streamTail(
  call: Pick<Call, 'grant' | 'grantNow' | 'inTurn' | 'request' | 'reply'>,
  filters: EntryFilters & { ledger: string | undefined },
  options: { context: ReadContext; shown: (view: EntryView) => unknown },
): Promise<FastifyReply> {
  const { request, reply } = call;
  const out = reply.raw;
  let { grant } = call;
  const after = request.headers['last-event-id'];
  const abort = new AbortController();
  out.once('close', () => abort.abort());
  const items = tail(
    grant,
    {
      ...filters,
      after: typeof after === 'string' ? after : undefined,
      signal: abort.signal,
      grantNow: () => grant,
      inTurn: call.inTurn,
    },
    options.context,
  );
  // The first item is read before the HTTP head is sent, so that a wrong filter is answered with 400.
  const first = await items.next();
  reply.hijack();
  out.writeHead(200, {
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    'x-accel-buffering': 'no',
    'x-correlation-id': request.id,
  });
  const heartbeat = setInterval(() => out.write(': still here\n\n'), heartbeatMs);
  const check = setInterval(() => {
    call.grantNow().then(
      (now) => (grant = now),
      (error: unknown) => {
        // When the database cannot be reached for a moment, the caller keeps their grant.
        if (error instanceof AuditError && (error.code === 'unauthenticated' || error.code === 'forbidden'))
          abort.abort();
      },
    );
  }, checkGrantEveryMs);
  try {
    for (let item = first; !item.done && !abort.signal.aborted; item = await items.next()) {
      const { id, entry } = item.value;
      const block = entry
        ? `id: ${id}\nevent: entry\ndata: ${JSON.stringify(options.shown(entry))}\n\n`
        : `id: ${id}\nevent: position\ndata: \n\n`;
      // The signal also ends the wait, and removes the listener.
      if (!out.write(block)) await once(out, 'drain', { signal: abort.signal });
    }
  } catch (error) {
    if (!abort.signal.aborted) request.log.warn({ err: error }, 'the tail ended');
  } finally {
    clearInterval(heartbeat);
    clearInterval(check);
    out.end();
  }
  return reply;
}
