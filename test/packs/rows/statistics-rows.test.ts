import { beforeAll, expect, test } from 'vitest';
import { condominiumCalls } from '../../support/condominium-calls.ts';
import { createRandom } from '../../support/random.ts';
import { installationZone, type PackInstallation } from '../../support/pack-installation.ts';
import type { TestServer } from '../../support/test-server.ts';

const path = '/api/audit/estadisticas/';
/** 6 April 2025 had 25 hours, and 7 September had 23 hours and no midnight. */
const zone = installationZone;
const keys = [
  'fecha',
  'total_actividades',
  'total_logins',
  'total_usuarios_activos',
  'actividades_criticas',
  'errores_sistema',
  'datos_estadisticas',
];
const levels = ['bajo', 'medio', 'alto', 'critico'];
const kinds = ['login', 'logout', 'pago', 'error_sistema', 'crear', 'reserva_area'];
/** The number of rounds: a thousand days over both installations together, or on each. */
const rounds = process.env['BITACORA_FAULTS'] === 'full' ? 50 : 25;
const daysPerRound = 20;
let random = createRandom(20_250_906);
let server: TestServer;
const { get } = condominiumCalls(() => server);

interface Made {
  day: string;
  usuario: number | null;
  tipo_actividad: string;
  nivel_importancia: string;
  es_exitoso: boolean;
}
const made: Made[] = [];

const days = new Intl.DateTimeFormat('en-CA', { timeZone: zone, dateStyle: 'short' });
const pick = <T>(list: readonly T[]): T => list[random.int(list.length)] as T;

/** Times around both changes of the clocks, most of them in the hours next to a change, in random order. */
function anyTime(): number {
  const change = pick([Date.UTC(2025, 3, 6, 3), Date.UTC(2025, 8, 7, 4)]);
  const width = pick([3, 30, 300]) * 3_600_000;
  return change + random.int(width) - Math.floor(width / 2);
}

async function store(count: number): Promise<void> {
  const { activityEvent } = await import('../../../packs/condominium/activity-event.ts');
  const events = Array.from({ length: count }, () => {
    const at = anyTime();
    const activity = {
      usuario: pick([null, 1, 2, 3, 4, 5, 6]),
      tipo_actividad: pick(kinds),
      nivel_importancia: pick(levels),
      es_exitoso: random.int(4) > 0,
    };
    made.push({ ...activity, day: days.format(at) });
    return activityEvent({
      ...activity,
      nivel_importancia: activity.nivel_importancia as 'bajo',
      timestamp: new Date(at).toISOString(),
    });
  });
  const { status, body } = await server.send(events);
  expect(status, JSON.stringify(body).slice(0, 300)).toBe(201);
}

/** The statistics of a day, counted from its entries. */
function counted(fecha: string, entries: readonly Made[]): Record<string, unknown> {
  const own = entries.filter(({ day }) => day === fecha);
  const times = (list: readonly string[]): Record<string, number> => {
    const counts: Record<string, number> = {};
    for (const name of list) counts[name] = (counts[name] ?? 0) + 1;
    return counts;
  };
  return {
    fecha,
    total_actividades: own.length,
    total_logins: own.filter((activity) => activity.tipo_actividad === 'login' && activity.es_exitoso).length,
    total_usuarios_activos: new Set(own.flatMap(({ usuario }) => usuario ?? [])).size,
    actividades_criticas: own.filter((activity) => activity.nivel_importancia === 'critico').length,
    errores_sistema: own.filter((activity) => activity.tipo_actividad === 'error_sistema').length,
    datos_estadisticas: {
      por_tipo: times(own.map((activity) => activity.tipo_actividad)),
      por_nivel: times(own.map((activity) => activity.nivel_importancia)),
    },
  };
}

function anyFilter(): { query: string; entries: Made[] } {
  const asked: Partial<Record<keyof Made, string>> = {};
  if (random.int(3) === 0) asked.usuario = String(1 + random.int(7));
  if (random.int(3) === 0) asked.tipo_actividad = pick([...kinds, 'nunca']);
  if (random.int(3) === 0) asked.nivel_importancia = pick(levels);
  if (random.int(3) === 0) asked.es_exitoso = pick(['true', 'false']);
  const pairs = Object.entries(asked);
  return {
    query: pairs.map(([name, value]) => `&${name}=${value}`).join(''),
    entries: made.filter((activity) =>
      pairs.every(([name, value]) => String(activity[name as keyof Made]) === value),
    ),
  };
}

function addDays(day: string, count: number): string {
  return new Date(Date.parse(day) + count * 86_400_000).toISOString().slice(0, 10);
}

export function statisticsRows(installation: () => PackInstallation): void {
  beforeAll(async () => {
    server = await installation().tenant('estadisticas');
    // Each installation has other days and filters.
    random = createRandom(installation().store === 'redis' ? 20_250_906 : 20_250_406);
  });

  test(`C-07 statistics equal a count one by one for ${rounds * daysPerRound} days × filters, over days of 23 and 25 hours, late entries included`, async () => {
    await store(2_400);
    let compared = 0;
    for (let round = 0; round < rounds; round++) {
      // A late entry counts for its own day at once.
      if (round % 10 === 0) await store(50);
      const start = addDays(pick(['2025-03-27', '2025-08-28']), random.int(8) - 2);
      const { query, entries } = anyFilter();
      const { results } = await get(
        `${path}?page_size=100&fecha_inicio=${start}&fecha_fin=${addDays(start, daysPerRound - 1)}${query}`,
      );
      const byDay = new Map<string, any>(results.map((row: any) => [row.fecha, row]));
      for (let n = 0; n < daysPerRound; n++, compared++) {
        const wanted = counted(addDays(start, n), entries);
        if (wanted['total_actividades'] === 0) expect(byDay.has(addDays(start, n))).toBe(false);
        else expect({ query, ...byDay.get(addDays(start, n)) }).toEqual({ query, ...wanted });
      }
    }
    expect(compared).toBe(rounds * daysPerRound);
    expect(made.filter(({ day }) => day === '2025-04-06').length).toBeGreaterThan(50);
    expect(made.filter(({ day }) => day === '2025-09-07').length).toBeGreaterThan(50);
  });

  test('C-07 a day is read by its date, and POST counts it again', async () => {
    for (const day of ['2025-04-06', '2025-09-07', '2025-09-06']) {
      const row = await get(`${path}${day}/`);
      expect(Object.keys(row)).toEqual(keys);
      expect(row).toEqual(counted(day, made));
      const again = await server.json(`${path}generar/`, {
        method: 'POST',
        body: JSON.stringify({ fecha: day }),
      });
      expect(again).toEqual({ status: 200, body: row });
    }
    const today = await server.json(`${path}generar/`, { method: 'POST' });
    expect(today).toMatchObject({ status: 200, body: { fecha: days.format(Date.now()) } });
    expect(await get(`${path}1999-01-01/`)).toMatchObject({ fecha: '1999-01-01', total_actividades: 0 });
    for (const wrong of ['ayer', '2025-02-30', '2025-09-07T10:00:00Z']) {
      const refused = { status: 400, body: { parameter: 'fecha' } };
      expect(await server.json(`${path}${wrong}/`), wrong).toMatchObject(refused);
      const body = JSON.stringify({ fecha: wrong });
      expect(await server.json(`${path}generar/`, { method: 'POST', body })).toMatchObject(refused);
    }
  });

  test('C-07 trends have every day up to today, also days without activity; lists begin with the newest day', async () => {
    const today = days.format(Date.now());
    const { activityEvent } = await import('../../../packs/condominium/activity-event.ts');
    await server.send(activityEvent({ usuario: 1, tipo_actividad: 'pago' }));
    const trends = await get(`${path}tendencias/?dias=7`);
    expect(trends).toMatchObject({
      dias: 7,
      fecha_fin: today,
      fecha_inicio: addDays(today, -6),
      total_actividades: 1,
    });
    expect(trends.tendencias.map((row: any) => row.fecha)).toEqual(
      Array.from({ length: 7 }, (_, n) => addDays(today, n - 6)),
    );
    expect(trends.tendencias.at(-1)).toMatchObject({ total_actividades: 1, total_usuarios_activos: 1 });
    expect((await get(`${path}tendencias/`)).tendencias).toHaveLength(30);
    expect((await server.json(`${path}tendencias/?dias=0`)).status).toBe(400);
    const first = await get(`${path}?page_size=3`);
    expect(first.results[0].fecha).toBe(today);
    expect(first.next).toBe(`${server.url}${path}?page_size=3&page=2`);
    expect(first.count).toBe(new Set(made.map(({ day }) => day)).size + 1);
  });
}
