import { replyWithRefusal, type Call } from '../http/index.ts';
import { readBody, refusalOf, storeEvents, writableLedger, type StoreOptions } from '../ingest/index.ts';

/** `POST /v1/events`: the caller may choose the ledger; the answer has one result per event. */
export async function storeCall(call: Call, options: StoreOptions): Promise<unknown> {
  const { query, request } = call;
  const bytes = Buffer.isBuffer(call.body) ? call.body : Buffer.alloc(0);
  const name = typeof query['ledger'] === 'string' ? query['ledger'] : undefined;
  const chosen = writableLedger(call.grant, name);
  const events = await readBody({
    bytes,
    contentType: request.headers['content-type'],
    contentEncoding: request.headers['content-encoding'],
  });
  const imported = query['imported'] === true;
  const answer = await storeEvents(call, events, {
    chosen,
    packLedgers: name === undefined,
    imported,
    options,
  });
  return replyWithRefusal(call, answer, refusalOf(answer));
}
