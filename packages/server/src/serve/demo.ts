import { createHash } from 'node:crypto';
import { createUuidV7Source } from '@bitacora/event';
import { ensureTenant, type Server } from './server.ts';

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

/** Invented activity in a tenant of its own, so that it never mixes with real entries: some at once, then live. */
export async function startDemo(server: Server): Promise<Demo> {
  const tenant = await ensureTenant(server.tenants, 'demo');
  const [ledger] = await server.tenants.ledgers(tenant.id);
  if (!ledger) throw new Error('the demo tenant has no ledger');
  // One key for all starts, known only to whoever knows the installation's own.
  const secret = `bta_own_${createHash('sha256').update(`demo ${server.adminKey}`).digest('base64url')}`;
  await server.apiKeys.adopt(secret, { tenant: tenant.id, name: 'demo page', scopes: ['read', 'tree'] });
  const createId = createUuidV7Source();
  const send = async (count: number): Promise<void> => {
    const events = Array.from({ length: count }, (_, back) =>
      invented(createId(), Date.now() - (count - 1 - back) * 97_000),
    );
    await server.ingest.ingest(
      events.map((value) => ({ ok: true, value, source: '' })),
      { tenant: tenant.id, chosen: ledger, ledgerOf: () => ledger },
    );
  };
  await send(firstEvents);
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
