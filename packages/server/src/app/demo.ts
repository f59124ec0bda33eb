import { createHash } from 'node:crypto';
import { createUuidV7Source } from '@bitacora/event';
import type { AnyPack } from '@bitacora/pack-kit';
import type { Ledger } from '../access/index.ts';
import { ensureTenant } from './default-tenant.ts';
import type { Server } from './start-server.ts';

export interface Demo {
  /** Reads the tenant `demo`. */
  key: string;
  stop(): Promise<void>;
}

const people = [
  { id: 'ana', name: 'Ana Torres', role: 'accountant' },
  { id: 'luis', name: 'Luis Peña', role: 'manager' },
  { id: 'olga', name: 'Ольга Смирнова', role: 'clerk' },
  { id: 'ivan', name: 'Иван Петров', role: 'administrator' },
];
const acts = [
  { action: 'invoice.create', type: 'invoice', level: 'low', text: 'New invoice' },
  { action: 'invoice.update', type: 'invoice', level: 'medium', text: 'Amount corrected' },
  { action: 'customer.view', type: 'customer', level: 'low', text: 'Customer card opened' },
  { action: 'closing.approve', type: 'closing', level: 'high', text: 'Month closed' },
  { action: 'session.login', type: 'session', level: 'low', text: 'Signed in' },
  { action: 'document.delete', type: 'document', level: 'high', text: 'Draft deleted' },
] as const;

const firstEvents = 60;
const everyMs = 3_000;
/** Shorter than the time after which a session expires, so that some sessions are active when the page is opened. */
const inventedAgainAfterMs = 600_000;

/** Invented activity in a tenant of its own, so that it never mixes with real entries: some at once, then live. */
export async function startDemo(server: Server, packs: readonly AnyPack[] = []): Promise<Demo> {
  const tenant = await ensureTenant(server.tenants, 'demo');
  const [ledger] = await server.tenants.ledgers(tenant.id);
  if (!ledger) throw new Error('the demo tenant has no ledger');
  // The key is the same at every start. It is derived from the admin key, so only people who have that key can compute it.
  const secret = `bta_own_${createHash('sha256').update(`demo ${server.adminKey}`).digest('base64url')}`;
  await server.apiKeys.adopt(secret, { tenant: tenant.id, name: 'demo page', scopes: ['read', 'tree'] });
  const createId = createUuidV7Source();
  const send = async (count: number): Promise<void> => {
    const events = Array.from({ length: count }, (_, back) =>
      invented(createId(), Date.now() - (count - 1 - back) * 97_000),
    );
    await server.ingest.ingest(
      events.map((value) => ({ ok: true, value, source: '' })),
      { tenant: tenant.id, defaultLedger: ledger, ledgerOf: () => ledger },
    );
  };
  await send(firstEvents);
  for (const pack of packs) await sendActivityOf(pack, { server, ledger });
  let last = Promise.resolve();
  const timer = setInterval(() => {
    last = send(1).catch(() => undefined);
  }, everyMs);
  return {
    key: secret,
    async stop() {
      clearInterval(timer);
      await last;
    },
  };
}

/**
 * Stores the activity that a pack invents. Its end is rounded down to ten minutes, so that a server that starts again soon
 * stores nothing twice.
 */
async function sendActivityOf(
  pack: AnyPack,
  { server, ledger }: { server: Server; ledger: Ledger },
): Promise<void> {
  const until = Math.floor(Date.now() / inventedAgainAfterMs) * inventedAgainAfterMs;
  const events = pack.demo?.(until) ?? [];
  const read = events.map((event, n) => {
    const value = { ...event, id: inventedId(`${pack.name} ${n}`, until) };
    return { ok: true as const, value, source: '' };
  });
  if (read.length === 0) return;
  const { rejected, results } = await server.ingest.ingest(read, {
    tenant: ledger.tenant,
    defaultLedger: ledger,
    ledgerOf: () => ledger,
  });
  const refused = results.find((result) => 'error' in result);
  if (rejected > 0 && refused && 'error' in refused && refused.error.code !== 'conflict')
    throw new Error(`the activity that ${pack.name} invents was refused: ${refused.error.message}`);
}

/** A UUIDv7 of the moment. The same name and moment give the same id. */
function inventedId(name: string, at: number): string {
  const hex = createHash('sha256').update(`${name} ${at}`).digest('hex');
  const time = at.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${hex.slice(0, 3)}-8${hex.slice(3, 6)}-${hex.slice(6, 18)}`;
}

function invented(id: string, at: number): unknown {
  const pick = <T>(list: readonly T[]): T | undefined => list[Math.floor(Math.random() * list.length)];
  const person = pick(people);
  const act = pick(acts);
  const failed = Math.random() < 0.08;
  return {
    id,
    action: act?.action,
    actor: { type: 'user', ...person },
    target: { type: act?.type, id: String(100 + Math.floor(Math.random() * 40)) },
    outcome: failed ? 'failure' : 'success',
    level: act?.level,
    description: act?.text,
    occurredAt: new Date(at).toISOString(),
    client: { ip: `10.0.0.${1 + Math.floor(Math.random() * 20)}` },
    ...(failed ? { error: { code: 'E_DENIED', message: 'Not allowed at this time' } } : {}),
    ...(act?.action === 'invoice.update'
      ? { changes: [{ path: 'amount', before: '100.00', after: '120.50' }] }
      : {}),
  };
}
