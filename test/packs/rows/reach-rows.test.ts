import { beforeAll, expect, test } from 'vitest';
import { activityEvent } from '../../../packs/accounting-closing/activity.ts';
import type { PackInstallation } from '../../support/pack-installation.ts';
import { readStream } from '../../support/read-stream.ts';
import type { TestServer } from '../../support/test-server.ts';
import { viewerTokens } from '../../support/viewer-tokens.ts';

const closings = '/api/contabilidad/logs-actividad/';
const residents = '/api/audit/registros/';
/** No text of accounting contains this. */
const canary = 'canariovecino';
/** The reader is a user of both host applications and has entries in both. */
const reader = '90';
const correlationId = 'asunto-de-los-dos';
let server: TestServer;
let tokenOf: Awaited<ReturnType<typeof viewerTokens>>;
let closingIds: string[];
let residentIds: string[];

const asGerente = (): string => tokenOf(reader, 'gerente');

async function ask(as: string, place: string): Promise<{ status: number; text: string; body: any }> {
  const response = await server.fetch(place, { as });
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return { status: response.status, text, body: isJson ? JSON.parse(text) : undefined };
}

const closing = (n: number): object => ({
  ...activityEvent({
    cliente_id: 12,
    periodo: '2026-02',
    tarjeta: `t${n % 3}`,
    accion: 'upload',
    descripcion: `archivo ${n}`,
    usuario: n % 2 === 0 ? 7 : 8,
  }),
  correlationId,
});

async function writeBoth(): Promise<void> {
  const put = (place: string, fields: object): Promise<unknown> =>
    server.json(`/v1/directory/${place}`, { method: 'PUT', body: JSON.stringify(fields) });
  await put(`closing/${encodeURIComponent('12/2026-02')}`, { estado: 'en_proceso' });
  await put(`user/${canary}`, { name: canary });
  const sent = await server.send(Array.from({ length: 24 }, (_, n) => closing(n)));
  expect(sent.status, JSON.stringify(sent.body)).toBe(201);
  closingIds = sent.body.results.map(({ id }: { id: string }) => id);
  const usuario = { id: reader, username: canary };
  for (const [logger, body] of [
    ['registrarLogin', { usuario, token_session: 'secreto', ip_address: '10.0.0.9' }],
    ['registrarActividad', { usuario, tipo_actividad: 'reserva', descripcion: canary }],
    [
      'registrarActividad',
      { usuario: { id: '2', username: canary }, tipo_actividad: 'reserva', descripcion: canary },
    ],
  ] as const) {
    const place = `/v1/packs/condominium/${logger}`;
    expect((await server.json(place, { method: 'POST', body: JSON.stringify(body) })).status).toBe(201);
  }
  // And an event that no pack declares.
  const other = await server.send({
    action: `${canary}.open`,
    actor: { id: reader, name: canary },
    description: canary,
    correlationId,
    module: 'contabilidad',
    subject: { type: 'client', id: '12' },
  });
  expect(other.status).toBe(201);
  const { body } = await server.json(`/v1/events?q=${canary}`);
  residentIds = body.entries.map(({ id }: { id: string }) => id);
  expect(residentIds).toHaveLength(4);
}

/** Every GET of the API with values for its path and query. */
async function places(): Promise<string[]> {
  const { body } = await server.json('/openapi.json');
  return Object.entries<Record<string, any>>(body.paths).flatMap(([path, { get }]) => {
    if (!get || path === '/v1/tail') return [];
    const names: string[] = (get.parameters ?? []).map(({ name }: { name: string }) => name);
    const id = path.startsWith('/v1/directory') ? [canary] : [residentIds[1] ?? '', '1', '25', '26'];
    const base = new URLSearchParams({
      ...(names.includes('fields') ? { fields: 'action,actor,module,subject,target' } : {}),
      ...(names.includes('interval') ? { interval: 'day', by: 'action' } : {}),
    });
    const asked = {
      q: ['action:*', `-action:none ${canary}`, canary],
      actor: [reader],
      ledger: ['alcance', 'alcance.audit'],
      limit: ['1000'],
    };
    const queries = Object.entries(asked)
      .filter(([name]) => names.includes(name))
      .flatMap(([name, values]) =>
        values.map((value) => new URLSearchParams([...base, [name, value]]).toString()),
      );
    const filled = (value: string): string =>
      path
        .replace('{ledger}', 'alcance')
        .replace('{type}', 'user')
        .replace('{path*}', 'entries/000.p/28')
        .replaceAll(/\{[^}]*\}/g, value);
    return (path.includes('{') ? id : ['']).flatMap((value) =>
      [base.toString(), ...queries].map((query) => `${filled(value)}${query === '' ? '' : `?${query}`}`),
    );
  });
}

export function reachRows(installation: () => PackInstallation): void {
  beforeAll(async () => {
    server = await installation().tenant('alcance');
    tokenOf = await viewerTokens(server, 'alcance');
    await writeBoth();
  });

  test('F-09 no question of the API shows a gerente anything of another pack, not even their own acts there', async () => {
    const faults: string[] = [];
    const asked = await places();
    expect(asked.length).toBeGreaterThan(60);
    for (const place of asked) {
      const { status, text } = await ask(asGerente(), place);
      const answerText = text
        .replaceAll(decodeURIComponent(place), '')
        .replaceAll(`there is no event ${canary}`, '');
      if (status >= 500 || (answerText.includes(canary) && !place.includes(canary)))
        faults.push(`${place} → ${status} ${text.slice(0, 200)}`);
      if (place.startsWith('/api/audit/') && ![400, 403].includes(status))
        faults.push(`${place} → ${status}`);
    }
    expect(faults).toEqual([]);
  });

  test('F-09 a gerente reads all of accounting: lists, counts, totals, single entries, related ones and proofs', async () => {
    const whole = closingIds.length;
    const list = await ask(asGerente(), '/v1/events?count=true&limit=1000');
    expect(list.body.count).toBe(whole);
    expect(list.body.entries.map(({ id }: { id: string }) => id).sort()).toEqual([...closingIds].sort());
    expect((await ask(asGerente(), `/v1/events?count=true&q=${canary}`)).body.count).toBe(0);
    expect((await ask(asGerente(), `${closings}?page_size=5`)).body.count).toBe(whole);
    const { body: found } = await ask(asGerente(), '/v1/facets?fields=action');
    expect(found.facets.action).toEqual([{ value: 'card.activity', count: whole }]);
    const { body: days } = await ask(asGerente(), '/v1/histogram?interval=day');
    expect(days.buckets.reduce((sum: number, { count }: { count: number }) => sum + count, 0)).toBe(whole);
    for (const part of ['', '/related', '/proof']) {
      const own = await ask(asGerente(), `/v1/events/${closingIds[0] ?? ''}${part}`);
      expect(own.status, part).toBe(200);
      if (part === '/related') expect(own.body.correlation.count).toBe(whole);
      for (const id of residentIds)
        expect((await ask(asGerente(), `/v1/events/${id}${part}`)).status, part).toBe(404);
    }
    expect((await ask(asGerente(), '/v1/sessions')).body.sessions).toEqual([]);
    const tree = await ask(asGerente(), '/v1/tlog/alcance/checkpoint');
    expect(tree.status).toBe(403);
    const permitted = new Set<string>((await ask(asGerente(), '/v1/me')).body.permissions);
    expect([...permitted].sort()).toEqual(['activity.read', 'export', 'read']);
  });

  test('F-09 A-05 the newest pages of a gerente come from the recent store', async () => {
    await installation().calm();
    for (const query of ['', '&cliente_id=12', '&periodo=2026-02', '&cliente_id=12&periodo=2026-02'])
      for (const page of [1, 2, 3])
        await expect
          .poll(async () => (await ask(asGerente(), `${closings}?page=${page}&page_size=5${query}`)).body)
          .toMatchObject({ source: 'redis', count: closingIds.length });
  });

  test('F-09 the live view of a gerente shows only entries of accounting, as they arrive', async () => {
    const gerente = Object.create(server, {
      fetch: {
        value: (path: string, options: object) => server.fetch(path, { ...options, as: asGerente() }),
      },
    }) as TestServer;
    const stream = await readStream(gerente, '');
    const usuario = { id: reader, username: canary };
    const first = await server.send([closing(30), { action: `${canary}.open`, actor: { id: reader } }]);
    await server.json('/v1/packs/condominium/registrarActividad', {
      method: 'POST',
      body: JSON.stringify({ usuario, tipo_actividad: 'reserva', descripcion: canary }),
    });
    const last = await server.send(closing(31));
    const wanted = [first.body.results[0].id, last.body.results[0].id];
    closingIds.push(...wanted);
    await expect.poll(() => stream.seen.length).toBe(2);
    expect(stream.seen.map(({ entry }) => entry.id)).toEqual(wanted);
    stream.close();
    await stream.ended;
  });

  test('F-09 a person who is gerente in one pack and resident in another reads all of the first and their own of the second', async () => {
    const both = tokenOf(reader, 'gerente', 'resident');
    const { body } = await ask(both, '/v1/events?count=true&limit=1000');
    const actions = new Set<string>(
      body.entries.map(({ event }: any) => `${event.action} ${event.actor.id}`),
    );
    expect([...actions].filter((item) => !item.startsWith('card.activity')).toSorted()).toEqual(
      expect.arrayContaining([`${canary}.open ${reader}`, `session.login ${reader}`]),
    );
    expect([...actions].some((item) => /^(?!card).* 2$/.test(item))).toBe(false);
    expect((await ask(both, `${closings}?page_size=5`)).body.count).toBe(closingIds.length);
    const own = (await ask(both, residents)).body;
    expect(new Set(own.results.map((item: any) => String(item.usuario_info.id)))).toEqual(new Set([reader]));
    expect((await ask(both, `${residents}?usuario=2`)).status).toBe(403);
    expect((await ask(both, '/v1/sessions')).body.sessions).toHaveLength(1);
    expect((await ask(both, '/v1/tlog/alcance/checkpoint')).status).toBe(403);
  });

  test('F-09 an admin of the condominium is an administrator; residents and guards see their own', async () => {
    const admin = tokenOf('1', 'admin');
    expect((await ask(admin, '/v1/me')).body.permissions).toEqual(
      expect.arrayContaining(['admin', 'users.manage', 'read.all', 'tree', 'export', 'registros.summary']),
    );
    for (const place of ['/v1/users', '/v1/keys', residents, closings])
      expect((await ask(admin, place)).status, place).toBe(200);
    for (const role of ['resident', 'security', 'gerente'])
      for (const place of ['/v1/users', '/v1/keys'])
        expect((await ask(tokenOf(reader, role), place)).status, `${role} ${place}`).toBe(403);
    for (const role of ['resident', 'security'])
      expect((await ask(tokenOf(reader, role), '/v1/me')).body).toMatchObject({ scope: 'own' });
  });

  test("F-09 a gerente's reads of others' entries are recorded", async () => {
    expect((await ask(asGerente(), `${closings}?tarjeta=t1`)).status).toBe(200);
    await expect
      .poll(async () => {
        const { body } = await server.json(`/v1/events?ledger=alcance.audit&action=entry.search&limit=1000`);
        return body.entries.map(({ event }: any) => `${event.actor.id} ${event.request?.url}`);
      })
      .toContain(`${reader} ${closings}?tarjeta=t1`);
  });
}
