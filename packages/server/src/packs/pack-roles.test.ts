import { definePack } from '@bitacora/pack-kit';
import { expect, test } from 'vitest';
import { createPackRoles } from './pack-roles.ts';

const pack = definePack({
  name: 'building',
  actions: {
    'payment.create': {
      operation: 'create',
      level: 'low',
      labels: { es: 'Pago', ru: 'Платёж', en: 'Payment' },
    },
  },
  roles: {
    Administrador: ['administrator', 'gate.close'],
    resident: ['gate.own'],
    jefe: ['owner'],
    caretaker: ['read.pack', 'tree', 'gate.own'],
  },
} as never);
const roleOf = createPackRoles([pack]);

test("a pack’s role has the permissions it lists; if it lists a built-in role, it has that role's permissions and reach", () => {
  expect(roleOf('resident', 'u7')).toEqual({
    permissions: ['read', 'gate.own'],
    reach: { kind: 'own', hostId: 'u7' },
  });
  const administrator = roleOf('Administrador', 'u1');
  expect(administrator?.reach).toEqual({ kind: 'all' });
  expect(administrator?.permissions).toEqual(
    expect.arrayContaining(['gate.close', 'users.manage', 'read.all']),
  );
});

test('no role of a pack makes an owner, and names that no pack declares, such as inherited properties, are not roles', () => {
  expect(roleOf('jefe', 'u1')).toEqual({ permissions: ['read'], reach: { kind: 'own', hostId: 'u1' } });
  for (const name of ['stranger', 'toString', '__proto__', 'constructor'])
    expect(roleOf(name, 'u1')).toBeUndefined();
});

const shop = definePack({
  name: 'shop',
  actions: {
    'order.create': { operation: 'create', level: 'low', labels: { es: 'Pedido', ru: 'Заказ', en: 'Order' } },
  },
  roles: { caretaker: ['order.own'], manager: ['read.pack'] },
} as never);

test("read.pack reaches the entries of the pack’s own actions and no tree; with a role of another pack, the caller's own entries there too", () => {
  expect(roleOf('caretaker', 'u7')).toEqual({
    permissions: ['read', 'gate.own'],
    reach: { kind: 'actions', actions: ['payment.create'] },
  });
  const inBoth = createPackRoles([pack, shop]);
  expect(inBoth('caretaker', 'u7')).toEqual({
    permissions: ['read', 'gate.own', 'read', 'order.own'],
    reach: { kind: 'actions', actions: ['payment.create'], hostId: 'u7' },
  });
  expect(inBoth('manager', 'u7')?.reach).toEqual({ kind: 'actions', actions: ['order.create'] });
});
