import type { Random } from './random.ts';

/** An activity as the test wrote it. The expected answers are counted from these. */
export interface WrittenActivity {
  uuid: string;
  /** The entry's index + 1. */
  id: number;
  /** Unix time in ms. */
  at: number;
  cliente_id: number;
  /** null when nobody did it. */
  usuario_id: number | null;
  tarjeta: string;
  accion: string;
  /** The state of the closing at the time of the activity. */
  cierre: string;
  periodo: string;
}

export interface AskedPage {
  /** The parameters of the URL by name. */
  filters: Readonly<Record<string, string>>;
  page: number;
  size: number;
}

const plainFilters = ['cliente_id', 'usuario_id', 'tarjeta', 'accion', 'cierre', 'periodo'] as const;

/** Computes pages from all activities. The days of the zone come from the platform and not from the server's code. */
export function activityOracle(zone: string): {
  add(activity: WrittenActivity): void;
  dayOf(at: number): string;
  matching(filters: AskedPage['filters']): WrittenActivity[];
} {
  /** Newest first. */
  const written: (WrittenActivity & { day: string })[] = [];
  const days = new Intl.DateTimeFormat('en-CA', { timeZone: zone, dateStyle: 'short' });
  const dayOf = (at: number): string => days.format(at);
  const matches = (activity: (typeof written)[number], filters: AskedPage['filters']): boolean => {
    const { fecha_desde: from, fecha_hasta: to } = filters;
    if (from !== undefined && (from.includes('T') ? activity.at < Date.parse(from) : activity.day < from))
      return false;
    if (to !== undefined && activity.day > to) return false;
    return plainFilters.every(
      (name) => filters[name] === undefined || String(activity[name]) === filters[name],
    );
  };
  return {
    add(activity) {
      const { at, id } = activity;
      const older = written.findIndex(
        (existing) => existing.at < at || (existing.at === at && existing.id < id),
      );
      written.splice(older < 0 ? written.length : older, 0, { ...activity, day: dayOf(at) });
    },
    dayOf,
    matching: (filters) => written.filter((activity) => matches(activity, filters)),
  };
}

const dayMs = 86_400_000;
export const cards = ['clasificacion', 'incidencias', 'nombres_en_ingles', 'tipo_documento'];
export const acts = ['upload', 'process', 'delete'];
export const states = ['pendiente', 'en_proceso', 'cerrado'];

/** Random filters with values that exist, values that do not, and days on both sides of the week's start. */
export function anyFilters(
  random: Random,
  known: { clients: readonly number[]; periods: readonly string[]; dayOf: (at: number) => string },
): Record<string, string> {
  const filters: Record<string, string> = {};
  const day = (): string => known.dayOf(Date.now() - random.int(random.pick([3, 10, 62])) * dayMs);
  if (random.chance(0.45)) filters['cliente_id'] = String(random.pick([...known.clients, 99]));
  if (random.chance(0.4)) filters['periodo'] = random.pick([...known.periods, '1999-01']);
  if (random.chance(0.12)) filters['usuario_id'] = String(random.pick([1, 2, 3, 4, 77]));
  if (random.chance(0.12)) filters['tarjeta'] = random.pick([...cards, 'ninguna']);
  if (random.chance(0.12)) filters['accion'] = random.pick(acts);
  if (random.chance(0.12)) filters['cierre'] = random.pick(states);
  if (random.chance(0.35))
    filters['fecha_desde'] = random.chance(0.3)
      ? new Date(Date.now() - random.int(9 * dayMs)).toISOString()
      : day();
  if (random.chance(0.15)) filters['fecha_hasta'] = day();
  return filters;
}
