import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { makeEvents } from '../support/make-events.ts';
import { readPublishedLedger } from '../support/read-published-ledger.ts';
import { runVerify, type Verdict } from '../support/run-verify.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { waitUntil } from '../support/wait-until.ts';
import { letInAdministrator, type DatabaseAdministrator } from './database-administrator.ts';

const events = makeEvents(300);
const [one, two] = [17, 290];
let server: TestServer;
let administrator: DatabaseAdministrator;
let vkey: string;
let ledger: number;

beforeAll(async () => {
  server = await startTestServer();
  expect((await server.send(events)).status).toBe(201);
  const made = await server.json('/v1/ledgers', { method: 'POST', body: '{"name":"texts"}' });
  expect(made.status).toBe(201);
  await waitUntil('the ledger known to its key', async () => {
    const { status } = await server.send(makeEvents(1), { ledger: 'default.texts' });
    return status === 201;
  });
  vkey = (await readPublishedLedger(server, { sizeLeast: 300 })).vkey;
  administrator = await letInAdministrator(server.superuserUrl());
  ledger = await administrator.ledgerId('default');
});
afterEach(() => administrator.restore());
afterAll(async () => {
  await administrator?.leave();
  await server?.dispose();
});

const idOf = (index: number): string => events[index]?.id ?? '';
const verify = (...more: string[]): Promise<Verdict> =>
  runVerify(['--from', server.url, '--ledger', 'default', '--key', server.key, '--vkey', vkey, ...more]);

test('F-05 an id whose row in the table of ids was exchanged is answered with no other entry', async () => {
  for (const path of ['', '/proof', '/related'])
    expect((await server.fetch(`/v1/events/${idOf(one)}${path}`)).status).toBe(200);
  expect((await verify()).exitCode).toBe(0);
  const { sql } = administrator;
  const point = (id: string, index: number): Promise<unknown> =>
    sql.query('update entry set index = $3 where ledger = $1 and id = $2', [ledger, id, index]);
  await point(idOf(one), 9_999);
  await point(idOf(two), one);
  await point(idOf(one), two);
  for (const index of [one, two]) {
    for (const path of ['', '/proof', '/related']) {
      const { status, body } = await server.json(`/v1/events/${idOf(index)}${path}`);
      expect([status, body.type], path).toEqual([500, 'urn:bitacora:problem:evidence_differs']);
    }
    const again = await server.send([events[index], ...makeEvents(0)]);
    expect(again.body.results[0].error).toMatchObject({ code: 'conflict' });
  }
  for (const more of [[], ['--no-values']]) {
    const verdict = await verify(...more);
    expect(verdict, verdict.text).toMatchObject({
      exitCode: 1,
      kind: 'misplaced',
      index: one,
      answered: two,
    });
  }
});

test('F-05 an id that is taken a second time after its row was deleted is found by verify', async () => {
  await administrator.sql.query('delete from entry where ledger = $1 and id = $2', [ledger, idOf(one)]);
  expect(await verify()).toMatchObject({ exitCode: 1, kind: 'misplaced', index: one });
  const { status, body } = await server.send([{ ...events[one], description: 'another text' }]);
  expect(status).toBe(201);
  const { index } = body.results[0];
  await readPublishedLedger(server, { sizeLeast: index + 1 });
  const verdict = await verify();
  expect(verdict, verdict.text).toMatchObject({ exitCode: 1, kind: 'foreign', index });
  expect(verdict.text).toContain(`an earlier entry has the same id ${idOf(one)}`);
});

test('F-05 F-06 the same id stored twice shows no key stream twice, so a known text opens no other', async () => {
  const { sql } = administrator;
  const texts = await administrator.ledgerId('default.texts');
  const send = async (sent: unknown): Promise<number> =>
    (await server.send([sent], { ledger: 'default.texts' })).body.results[0].index;
  const [secret, known] = ['the secret text of this event', 'a text that its sender knows!'];
  const event = { ...makeEvents(1)[0], description: secret };
  const first = await send(event);
  await sql.query('delete from entry where ledger = $1 and id = $2', [texts, event.id]);
  const second = await send({ ...event, description: known });
  const [one, other] = [await maskedText(texts, first), await maskedText(texts, second)];
  const guess = one.map((byte, at) => byte ^ (other[at] ?? 0) ^ (Buffer.from(textOf(known))[at] ?? 0));
  expect(Buffer.from(guess).toString('latin1')).not.toContain(secret.slice(0, 8));
  const { body } = await server.json(
    `/v1/events?ledger=default.texts&q=${encodeURIComponent('"secret text"')}`,
  );
  expect(body.entries[0].event.description).toBe(secret);
});

/** The canonical text group of such an event. */
const textOf = (description: string): string => JSON.stringify({ description });

/** The encrypted text of an entry that is alone in its row: the end of its record. */
async function maskedText(texts: number, index: number): Promise<Buffer> {
  const found = await administrator.sql.query<{ bytes: Buffer }>(
    'select bytes from personal where ledger = $1 and first_index = $2',
    [texts, index],
  );
  return found.rows[0]?.bytes.subarray(-textOf('a text that its sender knows!').length) ?? Buffer.alloc(0);
}
