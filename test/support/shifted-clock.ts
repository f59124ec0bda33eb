import { fileURLToPath } from 'node:url';

const dayMs = 86_400_000;
const variable = 'TEST_CLOCK_DAYS_BEHIND';

/** Environment of a process whose clock is this many days behind. PostgreSQL keeps the true time. */
export function clockBehind(days: number): Record<string, string> {
  return { NODE_OPTIONS: `--import=${fileURLToPath(import.meta.url)}`, [variable]: String(days) };
}

const behindMs = Number(process.env[variable] ?? 0) * dayMs;
if (behindMs > 0) {
  const TrueDate = Date;
  const now = (): number => TrueDate.now() - behindMs;
  globalThis.Date = new Proxy(TrueDate, {
    construct: (target, values: []) => (values.length === 0 ? new target(now()) : new target(...values)),
    get: (target, name, receiver) => (name === 'now' ? now : Reflect.get(target, name, receiver)),
  });
}
