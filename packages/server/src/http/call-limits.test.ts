import { expect, test } from 'vitest';
import { nobody, type Grant } from '../access/index.ts';
import { AuditError } from '../audit-error.ts';
import { createLoopTurns } from '../loop-turns.ts';
import { createCallLimits, type CallLimitSettings } from './call-limits.ts';

function limitsOf(settings: Partial<CallLimitSettings> = {}) {
  let now = 0;
  const all = {
    callerRequestsPerSecond: undefined,
    tenantRequestsPerSecond: undefined,
    addressFailuresPerSecond: 1_000,
    ...settings,
  };
  const made = createCallLimits({ settings: all, turns: createLoopTurns(), clock: () => now });
  const status = async (
    opens: () => Promise<Grant>,
    { secret = 'x', address = '192.0.2.1' }: { secret?: string; address?: string } = {},
  ): Promise<number> => {
    const credentials = { authorization: `Bearer ${secret}`, session: undefined, address };
    return made.enter(credentials, opens).then(
      () => 200,
      (error: unknown) => (error instanceof AuditError ? error.status : 500),
    );
  };
  return { ...made, status, wait: (ms: number) => (now += ms) };
}

const grantOf = (tenant: number, id: string): Grant => ({
  ...nobody,
  tenant: { id: tenant, name: `t${tenant}` },
  caller: { kind: 'key', id, name: id, roles: [] },
});
const opening = (tenant: number, id: string) => (): Promise<Grant> => Promise.resolve(grantOf(tenant, id));
const refused = (): Promise<Grant> => Promise.reject(new AuditError('unauthenticated'));

async function statuses(count: number, ask: () => Promise<number>): Promise<Record<number, number>> {
  const found: Record<number, number> = {};
  for (let n = 0; n < count; n++) {
    const status = await ask();
    found[status] = (found[status] ?? 0) + 1;
  }
  return found;
}

test('X10 a key beyond its rate is refused; other keys of its tenant are not, and their allowance stays', async () => {
  const { status, wait } = limitsOf({ callerRequestsPerSecond: 5, tenantRequestsPerSecond: 10 });
  expect(await statuses(500, () => status(opening(1, 'loud')))).toEqual({ 200: 50, 429: 450 });
  expect(await statuses(50, () => status(opening(1, 'quiet')))).toEqual({ 200: 50 });
  expect(await statuses(50, () => status(opening(2, 'loud')))).toEqual({ 200: 50 });
  wait(1_000);
  expect(await statuses(10, () => status(opening(1, 'loud')))).toEqual({ 200: 5, 429: 5 });
});

test("X10 many keys of one tenant share the tenant's allowance, and take nothing from another tenant", async () => {
  const { status } = limitsOf({ callerRequestsPerSecond: 5, tenantRequestsPerSecond: 10 });
  let key = 0;
  expect(await statuses(500, () => status(opening(1, `k${key++ % 20}`)))).toEqual({ 200: 100, 429: 400 });
  expect(await statuses(20, () => status(opening(2, 'k1')))).toEqual({ 200: 20 });
});

test('X10 an expensive question costs more than a cheap one, and no caller pays for the load of another', async () => {
  const { status, serve, wait } = limitsOf({ callerRequestsPerSecond: 5 });
  await serve(grantOf(1, 'dear'), { reads: true }, async () => void wait(2_000));
  expect(await statuses(50, () => status(opening(1, 'dear')))).toEqual({ 200: 10, 429: 40 });

  const ends: (() => void)[] = [];
  const both = ['one', 'two'].map((id) =>
    serve(grantOf(1, id), { reads: true }, () => new Promise<void>((resolve) => ends.push(resolve))),
  );
  wait(2_000);
  for (const end of ends) end();
  await Promise.all(both);
  // Each call had half of the two seconds.
  expect(await statuses(50, () => status(opening(1, 'one')))).toEqual({ 200: 30, 429: 20 });
});

test('X10 wrong keys from one address are slowed down, and keys that were right from there before are accepted', async () => {
  const { status, wait } = limitsOf({ addressFailuresPerSecond: 2 });
  expect(await status(opening(1, 'host'), { secret: 'good' })).toBe(200);
  let guess = 0;
  expect(await statuses(100, () => status(refused, { secret: `g${guess++}` }))).toEqual({ 401: 20, 429: 80 });
  expect(await statuses(100, () => status(opening(1, 'host'), { secret: 'good' }))).toEqual({ 200: 100 });
  // A right key that was not used from this address before waits like wrong keys; from another address it does not wait.
  expect(await status(opening(1, 'new'), { secret: 'new' })).toBe(429);
  expect(await status(opening(1, 'new'), { secret: 'new', address: '192.0.2.2' })).toBe(200);
  wait(1_000);
  expect(await status(opening(1, 'new'), { secret: 'new' })).toBe(200);
});

test('X10 a revoked key counts as a wrong key, and a key that lacks a permission does not', async () => {
  const { status } = limitsOf({ addressFailuresPerSecond: 1 });
  const forbidden = (): Promise<Grant> => Promise.reject(new AuditError('forbidden'));
  expect(await statuses(100, () => status(forbidden, { secret: 'narrow' }))).toEqual({ 403: 100 });
  expect(await status(opening(1, 'host'), { secret: 'ended' })).toBe(200);
  expect(await statuses(100, () => status(refused, { secret: 'ended' }))).toEqual({ 401: 10, 429: 90 });
  const away = (): Promise<Grant> => Promise.reject(new AuditError('unavailable'));
  expect(await statuses(50, () => status(away, { address: '192.0.2.3' }))).toEqual({ 503: 50 });
  expect(await statuses(10, () => status(refused, { address: '192.0.2.3' }))).toEqual({ 401: 10 });
});

test('X10 an IPv6 network counts as one address, in every form in which it is written', async () => {
  const { status } = limitsOf({ addressFailuresPerSecond: 1 });
  const within = ['2001:db8:1:2::1', '2001:db8:1:2:ffff::9', '2001:db8:1:2:3:4:5:6', '2001:db8:1:2::'];
  let n = 0;
  const guess = (): Promise<number> => status(refused, { secret: `g${n}`, address: within[n++ % 4] ?? '' });
  expect(await statuses(100, guess)).toEqual({ 401: 10, 429: 90 });
  expect(await status(refused, { address: '2001:db8:1:3::1' })).toBe(401);
  expect(await status(refused, { address: '::ffff:192.0.2.9' })).toBe(401);
});

test('X10 requests without credentials do not count as wrong keys', async () => {
  const { enter } = limitsOf({ addressFailuresPerSecond: 1 });
  const anonymous = { authorization: undefined, session: undefined, address: '192.0.2.1' };
  for (let n = 0; n < 50; n++)
    await expect(enter(anonymous, refused)).rejects.toMatchObject({ code: 'unauthenticated' });
});
