import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTenant } from './support/open-tenant.ts';
import { startTestServer, type TestServer } from './support/test-server.ts';
import { patienceMs } from './support/wait-until.ts';

// Ten seconds’ allowance may be used at once.
const perSecond = 1_000;
const keysOfEvent = 900;
let server: TestServer;
let made = 0;

beforeAll(async () => {
  server = await startTestServer({ BITACORA_QUOTA_EVENTS_PER_SECOND: String(perSecond) });
});

afterAll(() => server?.dispose());

/** An event with keys that no event before it had. */
function everNew(): Record<string, unknown> {
  const attributes = Object.fromEntries(
    Array.from({ length: keysOfEvent }, (_, n) => [`k${String(made++).padStart(7, '0')}`, `needle${n}`]),
  );
  return { action: 'note.write', actor: { id: 'eve' }, attributes };
}

test('X10 a tenant that sends ever new attribute keys is charged for each, and its neighbour is not', async () => {
  const [attacker, victim] = await Promise.all([
    openTenant(server, 'attacker'),
    openTenant(server, 'victim'),
  ]);
  const began = performance.now();
  const found: Record<number, number> = {};
  for (let sent = 0; sent < 60; sent++) {
    const { status } = await attacker.send(everNew());
    found[status] = (found[status] ?? 0) + 1;
  }
  const allowance = perSecond * (10 + (performance.now() - began) / 1_000);
  expect(found[201]).toBeLessThanOrEqual(allowance / keysOfEvent + 1);
  expect((found[201] ?? 0) + (found[429] ?? 0)).toBe(60);
  const plain = { action: 'note.write', actor: { id: 'ana' }, attributes: { room: '7', floor: 2 } };
  for (let sent = 0; sent < 20; sent++) expect((await victim.send(plain)).status).toBe(201);
});

test('X10 an event with more paths than an index holds is stored whole, says so, and is found by text', async () => {
  const tenant = await openTenant(server, 'wide');
  const event = everNew();
  const { status, body } = await tenant.send(event);
  expect([status, body.results[0].pathsLeftOut]).toEqual([201, keysOfEvent - 128]);
  const id: string = body.results[0].id;
  const stored: any = await (await tenant.fetch(`/v1/events/${id}`)).json();
  expect(stored.event.attributes).toEqual(event['attributes']);
  const keys = Object.keys(stored.event.attributes);
  const count = async (q: string): Promise<number> => {
    const answer: any = await (await tenant.fetch(`/v1/events?count=true&q=${encodeURIComponent(q)}`)).json();
    return answer.count;
  };
  await expect.poll(() => count('needle899'), { timeout: patienceMs }).toBe(1);
  expect(await count(`attributes.${keys[0]}:needle0`)).toBe(1);
  expect(await count(`attributes.${keys[127]}:needle127`)).toBe(1);
  expect(await count(`attributes.${keys[128]}:needle128`)).toBe(0);
  const few = await tenant.send({ action: 'note.write', actor: { id: 'ana' }, attributes: { a: 1 } });
  expect(few.body.results[0]).not.toHaveProperty('pathsLeftOut');
});
