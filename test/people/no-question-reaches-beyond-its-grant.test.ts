import { expect, test } from 'vitest';
import { deriveTenantKeys } from '../../packages/server/src/ledger/tenant-keys.ts';
import { termsOf } from '../../packages/server/src/query/index.ts';
import { matches } from '../../packages/server/src/query/condition.ts';
import { conditionOf } from '../../packages/server/src/query/conditions-of.ts';
import { grantedCondition, reachCondition } from '../../packages/server/src/read/granted-condition.ts';
import { createRandom } from '../support/random.ts';

const random = createRandom(20_261_121);
const keys = deriveTenantKeys(Buffer.alloc(32, 7), 1);
const context: any = { ledgers: { tenantKeys: () => keys }, zone: 'UTC', clock: () => 0 };
const actions = ['card.open', 'card.close', 'pay.in', 'pay.out'];
const people = ['ana', 'eva', 'lia@example.org'];
const terms = [
  'action:card.open',
  'action:card.open,card.close',
  'action:card.open,pay.in',
  'action:card.*',
  'action:*',
  '-action:card.open',
  'actor:ana',
  '-actor:ana',
  'subject:eva',
  'actor:lia@example.org',
  'module:till',
  'word',
  '"word of mouth"',
  'level:>=low',
];

function query(depth: number): string {
  const kind = depth === 0 ? 3 : random.int(6);
  if (kind === 0) return `(${query(depth - 1)} OR ${query(depth - 1)})`;
  if (kind === 1) return `${query(depth - 1)} ${query(depth - 1)}`;
  return kind === 2 ? `-(${query(depth - 1)})` : random.pick(terms);
}

function reach(): any {
  const hostId = random.pick(['', ...people]);
  const listed = { kind: 'actions', actions: actions.filter(() => random.chance(0.5)) };
  return random.pick([
    listed,
    listed,
    { ...listed, hostId },
    { kind: 'own', hostId },
    { kind: 'all' },
    { kind: 'modules', modules: ['till', 'desk'].filter(() => random.chance(0.5)) },
    { kind: 'subjects', subjects: people.filter(() => random.chance(0.5)) },
  ]);
}

function entry(): any {
  return {
    id: 'x',
    action: random.pick(actions),
    actor: { type: 'user', id: random.pick(people) },
    description: random.pick(['word', 'word of mouth', 'mouth of word']),
    ...(random.chance(0.5) ? { module: random.pick(['till', 'desk']) } : {}),
    ...(random.chance(0.5) ? { subject: { type: 'client', id: random.pick(people) } } : {}),
  };
}

test('F-09 for any question and any reach, the answer has exactly the entries that match and are within reach', () => {
  let bare = 0;
  let narrowed = 0;
  for (let round = 0; round < 5_000; round++) {
    const grant: any = { tenant: { id: 1 }, reach: reach() };
    const fields = random.chance(0.5)
      ? {}
      : { action: random.pick([actions, actions.slice(0, 2), 'pay.in']) };
    const filters = { q: query(3), fields };
    const granted = grantedCondition(grant, filters, context);
    const asked = conditionOf(filters, { ...keys, token: keys.searchToken, zone: 'UTC', now: 0 });
    const reached = reachCondition(grant, context);
    const isBare = JSON.stringify(granted) === JSON.stringify(asked);
    if (grant.reach.kind !== 'all' && isBare) bare++;
    if (!isBare) narrowed++;
    for (let n = 0; n < 6; n++) {
      const event = entry();
      const view: any = { event, open: event };
      const evaluated: any = { event, at: 0, terms: termsOf(view, keys.searchToken) };
      const wanted = matches(asked, evaluated) && matches(reached, evaluated);
      if (matches(granted, evaluated) !== wanted)
        expect({ filters, reach: grant.reach, event, wanted }).toBeNull();
    }
  }
  // Both ways of the code were used. A question that lies within the reach is evaluated without change.
  expect(bare).toBeGreaterThan(100);
  expect(narrowed).toBeGreaterThan(1_000);
});
