import { createEd25519Verifier, verifyProofFile } from '@bitacora/tlog';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeEvents } from '../support/make-events.ts';
import { readPublishedLedger } from '../support/read-published-ledger.ts';
import { startTestServer, type TestServer } from '../support/test-server.ts';
import { letInAdministrator, type DatabaseAdministrator } from './database-administrator.ts';

const events = makeEvents(40).map((event, position) => ({
  ...event,
  actor: { id: `person-${position % 4}`, name: `Genuine ${position % 4}` },
  description: `genuine description ${position}`,
}));

let server: TestServer;
let administrator: DatabaseAdministrator;
beforeAll(async () => {
  server = await startTestServer();
  await server.send(events);
  await readPublishedLedger(server, { sizeLeast: events.length });
  administrator = await letInAdministrator(server);
});
afterAll(async () => {
  await administrator?.leave();
  await server?.dispose();
});

/** All entries, as a server shows them directly after its start. */
async function shownAfterRestart(): Promise<{ altered?: string[]; event: Record<string, unknown> }[]> {
  await server.kill();
  await server.restart();
  const { status, body } = await server.json('/v1/events?limit=100&order=asc');
  expect(status, JSON.stringify(body)).toBe(200);
  expect(body.entries).toHaveLength(40);
  return body.entries;
}

async function alter(statement: string): Promise<void> {
  await administrator.sql.query(statement);
}

test('F-05 A23 an untouched ledger shows its values and marks none as altered', async () => {
  const shown = await shownAfterRestart();
  expect(shown.filter(({ altered }) => altered)).toEqual([]);
  expect(shown[0]?.event).toMatchObject({
    actor: { name: 'Genuine 0' },
    description: 'genuine description 0',
  });
});

test.each([
  [
    'the texts of entries changed',
    "update personal set bytes = overlay(bytes placing '\\x00000000'::bytea from octet_length(bytes) - 8)",
    'text',
  ],
  [
    'all personal values of a row exchanged with those of another',
    'update personal p set bytes = o.bytes from personal o where o.first_index <> p.first_index',
    'text',
  ],
  ['personal values cut short', 'update personal set bytes = substring(bytes for 5)', 'text'],
  [
    'personal values replaced by noise',
    "update personal set bytes = decode(repeat('ff', 200), 'hex')",
    'text',
  ],
  ['personal values deleted', 'delete from personal', 'text'],
])('F-05 A23 %s: the values are marked as altered and not shown', async (_what, statement, group) => {
  await alter(statement);
  const shown = await shownAfterRestart();
  await administrator.restore();
  const marked = shown.filter(({ altered }) => altered?.includes(group));
  expect(marked.length).toBeGreaterThan(0);
  for (const { event } of marked) expect(event).not.toHaveProperty('description');
  for (const { altered, event } of shown)
    if (!altered?.includes('text')) expect(event['description']).toMatch(/^genuine description/);
});

test.each([
  ['bytes changed', "update profile set bytes = overlay(bytes placing '\\x0000'::bytea from 15)"],
  [
    'the value of another person put in',
    'update profile p set bytes = o.bytes from profile o where o.id = case p.id when (select max(id) from profile) then (select min(id) from profile) else p.id + 1 end',
  ],
  ['the key of the person changed', "update person set key = overlay(key placing '\\x0000'::bytea from 15)"],
  ['the profile deleted', 'delete from profile'],
])('F-05 A23 names of persons, %s: marked as altered and not shown', async (_what, statement) => {
  await alter(
    'drop table if exists kept_profile, kept_person; create table kept_profile as table profile; create table kept_person as table person',
  );
  await alter(statement);
  const shown = await shownAfterRestart();
  await alter('delete from profile; delete from person; insert into person table kept_person');
  await alter('insert into profile overriding system value table kept_profile');
  for (const { altered, event } of shown) {
    expect(altered).toContain('actor');
    expect(JSON.stringify(event)).not.toContain('Genuine');
  }
});

test('F-05 a proof fetched over HTTP verifies with the library alone, and not with a byte changed', async () => {
  const published = await readPublishedLedger(server, { sizeLeast: 40 });
  const verifier = createEd25519Verifier(published.vkey);
  if (!verifier.ok) throw new Error(verifier.reason);
  for (const [index, event] of events.entries()) {
    const answer = await server.fetch(`/v1/events/${event.id}/proof`);
    const file = await answer.text();
    expect(answer.status, file).toBe(200);
    const entryBytes = published.entries[index] ?? Buffer.alloc(0);
    const claim = { file, verifiers: [verifier.value], origin: published.origin };
    expect(verifyProofFile({ ...claim, entryBytes })).toMatchObject({ ok: true, value: { index } });
    const changed = Buffer.from(entryBytes);
    changed[index] = (changed[index] ?? 0) ^ 1;
    expect(verifyProofFile({ ...claim, entryBytes: changed }).ok).toBe(false);
    const position = 30 + ((index * 17) % (file.length - 60));
    const letter = file.charAt(position);
    const damaged = file.slice(0, position) + (letter === 'A' ? 'B' : 'A') + file.slice(position + 1);
    expect(verifyProofFile({ ...claim, file: damaged, entryBytes }).ok, `letter ${position}`).toBe(false);
  }
});
