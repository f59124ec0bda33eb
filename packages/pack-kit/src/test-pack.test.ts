import { reject, type AuditEvent } from '@bitacora/event';
import { describe, expect, test } from 'vitest';
import { definePack } from './define-pack.ts';
import { ledgerOf } from './pack.ts';
import { testPack } from './test-pack.ts';

const labels = { en: 'x', es: 'x', ru: 'x' };
const base = {
  name: 'p',
  actions: { 'a.b': { operation: 'read', labels } },
  examples: [{ action: 'a.b', actor: { id: 'u' } }],
} as const;
const route = {
  method: 'GET',
  path: '/x/',
  permission: 'search',
  plan: () => ({}),
  shape: () => null,
} as const;

function problems(declaration: object): readonly string[] {
  try {
    definePack({ ...base, ...declaration });
    return [];
  } catch (error) {
    return Object(error).problems;
  }
}

describe('defining a pack', () => {
  test('accepts the smallest pack and freezes it', () => {
    expect(problems({})).toEqual([]);
    expect(Object.isFrozen(definePack(base))).toBe(true);
  });

  test('types the loggers by the words of the pack', () => {
    definePack({
      ...base,
      attributes: { state: { enum: ['open', 'closed'] }, count: 'number' },
      loggers: (capture) => ({
        good: () => capture({ action: 'a.b', actor: { id: 'u' }, attributes: { state: 'open', count: 1 } }),
        // @ts-expect-error an action that is not declared
        action: () => capture({ action: 'a.c', actor: { id: 'u' } }),
        // @ts-expect-error a value that is not declared
        value: () => capture({ action: 'a.b', actor: { id: 'u' }, attributes: { state: 'ajar' } }),
        // @ts-expect-error an attribute that is not declared
        attribute: () => capture({ action: 'a.b', actor: { id: 'u' }, attributes: { colour: 'red' } }),
      }),
    });
  });

  test.each<[string, object]>([
    ['name:', { name: 'Not Kebab' }],
    ['name:', { name: 'audit' }],
    ['actions: there are none', { actions: {} }],
    ['actions: Bad is not noun.verb', { actions: { Bad: { operation: 'read', labels } } }],
    ['actions.a.b: unknown operation', { actions: { 'a.b': { operation: 'peek', labels } } }],
    ['actions.a.b: unknown level', { actions: { 'a.b': { operation: 'read', level: 'alto', labels } } }],
    [
      'actions.a.b: no label in es, ru',
      { actions: { 'a.b': { operation: 'read', labels: { en: 'x', es: ' ' } } } },
    ],
    ['labels.outcome.success: no label in en, ru', { labels: { outcome: { success: { es: 'x' } } } }],
    ['personal:', { personal: { personal: ['actor.name'] } }],
    ['indexed: attributes.x is not declared', { indexed: ['attributes.x'], attributes: { y: 'string' } }],
    ['indexed: actor is not below', { indexed: ['actor'] }],
    ['retention:', { retention: { days: 0 } }],
    ['views.v: no label', { views: { v: { labels: {}, columns: [] } } }],
    [
      'routes: GET /x/{b} is there twice',
      {
        routes: ['a', 'b'].map((id) => ({
          ...route,
          path: `/x/{${id}}`,
          params: { [id]: { in: 'path', type: 'string' } },
        })),
      },
    ],
    ['routes: GET /x/{id}: {id} is not declared', { routes: [{ ...route, path: '/x/{id}' }] }],
    [
      'routes: GET /x/: id is not in the path',
      { routes: [{ ...route, params: { id: { in: 'path', type: 'string' } } }] },
    ],
    ['routes: GET x: the path', { routes: [{ ...route, path: 'x' }] }],
    ['routes: GET /x/: no permission', { routes: [{ ...route, permission: '' }] }],
  ])('says %s', (expected, declaration) => {
    expect(problems(declaration)).toEqual([expect.stringContaining(expected)]);
  });

  test('a pack with its own retention has its own ledger', () => {
    const tenant = { name: 'acme', retention: { days: 365 } };
    expect(ledgerOf(definePack(base), tenant)).toBe('acme');
    expect(ledgerOf(definePack({ ...base, retention: { days: 365 } }), tenant)).toBe('acme');
    expect(ledgerOf(definePack({ ...base, retention: 'forever' }), tenant)).toBe('acme.p');
  });
});

describe('testing a pack', () => {
  let calls = 0;
  test.each<[string, object]>([
    ['examples: there are none', { examples: [] }],
    ['examples[0]: actor.id', { examples: [{ action: 'a.b', actor: {} }] }],
    ['examples[0]: the action a.c is not declared', { examples: [{ action: 'a.c', actor: { id: 'u' } }] }],
    [
      'examples[0]: attributes.x',
      { attributes: { y: 'string' }, examples: [{ ...base.examples[0], attributes: { x: 1 } }] },
    ],
    [
      'examples[0]: attributes.y',
      { attributes: { y: 'date' }, examples: [{ ...base.examples[0], attributes: { y: 'soon' } }] },
    ],
    ['labels.attributes.s.open: no label', { attributes: { s: { enum: ['open'] } } }],
    [
      'admit is not deterministic',
      {
        admission: {
          needs: () => [],
          admit: () => ({ ok: false, rejection: reject('refused_by_pack', `${calls++}`) }),
        },
      },
    ],
    ['admission throws', { admission: { needs: () => fail(), admit: () => fail() } }],
    [
      'changes the event',
      {
        admission: {
          needs: () => [],
          admit: (event: object) => ({ ok: true, event: Object.assign(event, { reason: 'x' }) }),
        },
      },
    ],
    [
      'no example that it must not find',
      { rules: { r: { labels, sigma: {}, examples: [{ matches: true, events: base.examples }] } } },
    ],
    ['uses drop, which is not allowed', { routes: [{ ...route, plan: () => ({ x: { read: 'drop' } }) }] }],
    [
      'the parameter page, which is not declared',
      {
        routes: [
          { ...route, plan: ({ page }: Record<string, number>) => ({ x: { read: 'search', limit: page } }) },
        ],
      },
    ],
    [
      'plan is not deterministic',
      { routes: [{ ...route, plan: () => ({ x: { read: 'search', limit: calls++ } }) }] },
    ],
    [
      'reports.r: x uses append',
      {
        reports: {
          r: { ...route, labels, plan: () => ({ x: { read: 'append', event: base.examples[0] } }) },
        },
      },
    ],
  ])('says %s', (expected, declaration) => {
    expect(testPack(definePack({ ...base, ...declaration }))).toContainEqual(
      expect.stringContaining(expected),
    );
  });

  test('finds no fault in a correct pack', () => {
    const admission = {
      needs: () => [{ type: 'user', id: 'u' }],
      admit: (event: AuditEvent) => ({ ok: true, event }) as const,
    };
    expect(testPack(definePack({ ...base, admission, routes: [route] }))).toEqual([]);
  });
});

function fail(): never {
  throw new Error('not pure');
}
