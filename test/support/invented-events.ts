import type { Random } from './random.ts';

/** A complete event of a host, to which the server adds no default. */
export interface InventedEvent {
  id: string;
  action: string;
  actor: { type: string; id: string; name?: string; email?: string; role?: string };
  operation: string;
  outcome: string;
  level: string;
  module?: string;
  targets: { type: string; id: string; name?: string }[];
  occurredAt?: string;
  description?: string;
  reason?: string;
  error?: { code: string; message: string };
  amount?: { value: string; currency: string };
  tags?: string[];
  durationMs?: number;
  changes?: { path: string; before?: unknown; after?: unknown }[];
  attributes: Record<string, unknown>;
  client?: { ip: string; country?: string };
  request?: { method: string; status: number };
  sessionId?: string;
  correlationId?: string;
}

const actors = [
  { type: 'user', id: 'ana', name: 'Ana Torres', email: 'Ana.Torres@example.com', role: 'manager' },
  { type: 'user', id: 'luis', name: 'Luis Peña Ñúñez', role: 'clerk' },
  { type: 'user', id: 'u-17', name: 'Ольга Смирнова' },
  { type: 'user', id: '山田', name: '山田 太郎' },
  { type: 'user', id: 'omar', name: 'عمر الخيام', email: 'omar@example.org' },
  { type: 'service', id: 'sync job' },
  { type: 'agent', id: 'bot:7', name: 'Torres (bot)' },
  { type: 'user', id: 'ana.maria', name: 'Ana María', role: 'manager' },
];
export const words = [
  'wire',
  'transfer',
  'approved',
  'Invoice',
  'REFUND',
  'año',
  'façade',
  'überweisung',
  'ΣΟΦΟΣ',
  'İstanbul',
  'договор',
  'Оплата',
  'клиент',
  '支払い',
  '確認',
  'دفع',
  'فاتورة',
  'שלום',
  'नमस्ते',
  'e\u0301te',
  'x1',
  '42',
];
const actions = [
  'invoice.create',
  'invoice.update',
  'invoice.approve',
  'session.login',
  'session.logout',
  'file:read',
];
const zones = ['north', 'South', 'east side', 'west, far', 'центр', 'a"b', 'c\\d', '5..7', '>9', '*', 'true'];
const dayMs = 86_400_000;

/** `count` events in several scripts with times years back, in the future, equal to one another, or absent. */
export function inventEvents(random: Random, count: number): InventedEvent[] {
  const now = Date.now();
  return Array.from({ length: count }, (_, number) => inventEvent(random, { now, number }));
}

function inventEvent(random: Random, place: { now: number; number: number }): InventedEvent {
  const maybe = <Key extends string, Value>(probability: number, key: Key, make: () => Value) =>
    random.chance(probability) ? ({ [key]: make() } as Record<Key, Value>) : {};
  const text = (most: number): string => sentence(random, 1 + random.int(most));
  return {
    id: uuid(random, place.now + place.number),
    action: random.pick(actions),
    actor: random.pick(actors),
    operation: random.pick(['create', 'read', 'update', 'delete', 'execute']),
    outcome: random.pick(['success', 'success', 'success', 'failure', 'warning', 'pending']),
    level: random.pick(['low', 'low', 'medium', 'high', 'critical']),
    targets: Array.from({ length: random.chance(0.2) ? 2 : 1 }, () => ({
      type: random.pick(['invoice', 'file']),
      id: String(random.int(60)),
      ...maybe(0.4, 'name', () => text(3)),
    })),
    attributes: attributesOf(random),
    ...maybe(0.5, 'module', () => random.pick(['billing', 'Billing', 'acceso'])),
    ...maybe(0.8, 'occurredAt', () => time(random, place.now)),
    ...maybe(0.6, 'description', () => text(6)),
    ...maybe(0.2, 'reason', () => text(3)),
    ...maybe(0.1, 'error', () => ({ code: random.pick(['E_1', 'E_2']), message: text(4) })),
    ...maybe(0.3, 'amount', () => ({
      value: (random.int(40_000) / 100 - 100).toFixed(2),
      currency: random.pick(['EUR', 'RUB']),
    })),
    ...maybe(0.3, 'tags', () => [...new Set([random.pick(zones), random.pick(['urgent', 'late'])])]),
    ...maybe(0.5, 'durationMs', () => random.int(2_000) / 4),
    ...maybe(0.4, 'changes', () => [
      {
        path: random.pick(['amount', 'state', 'owner.name']),
        before: random.pick([null, 1, 'open']),
        after: text(2),
      },
    ]),
    ...maybe(0.5, 'client', () => ({
      ip: `10.0.0.${random.int(9)}`,
      ...maybe(0.5, 'country', () => random.pick(['ES', 'RU'])),
    })),
    ...maybe(0.3, 'request', () => ({
      method: random.pick(['GET', 'POST']),
      status: random.pick([200, 201, 404, 500]),
    })),
    ...maybe(0.3, 'sessionId', () => `s-${random.int(30)}`),
    ...maybe(0.3, 'correlationId', () => `c-${random.int(30)}`),
  };
}

function attributesOf(random: Random): Record<string, unknown> {
  return {
    zone: random.pick(zones),
    count: random.pick([random.int(50), random.int(1_000) / 8, -1 - random.int(9)]),
    ...(random.chance(0.3)
      ? { nested: { flag: random.chance(0.5), list: [random.int(4), random.pick(zones)] } }
      : {}),
    ...(random.chance(0.2) ? { 'Código postal': String(28_000 + random.int(5)) } : {}),
    ...(random.chance(0.1) ? { note: `${sentence(random, 30)} ${'long '.repeat(30)}` } : {}),
  };
}

function sentence(random: Random, length: number): string {
  const parts = Array.from({ length }, () => random.pick(words));
  return parts.reduce((text, word) => text + random.pick([' ', ' ', ' ', '-', ', ', ' — ', '/']) + word);
}

function time(random: Random, now: number): string {
  const at = random.pick([
    () => now - random.int(4 * 365) * dayMs - random.int(dayMs),
    () => now - random.int(3 * dayMs),
    // Many events have the same time.
    () => Math.floor(now / dayMs) * dayMs - random.int(5) * dayMs,
    () => now + random.int(400) * dayMs,
    () => Date.UTC(1970 + random.int(10), random.int(12), 1),
  ])();
  return random.chance(0.002) ? '0001-01-01T00:00:00.000Z' : new Date(at).toISOString();
}

/** A UUID of version 7 with this time. */
export function uuid(random: Random, at: number): string {
  const hex = (length: number): string => Array.from({ length }, () => random.int(16).toString(16)).join('');
  const time = Math.floor(at).toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex(3)}-${random.pick(['8', '9', 'a', 'b'])}${hex(3)}-${hex(12)}`;
}
