import type { PackDescription } from '@bitacora/client';
import { stripTypeScriptTypes } from 'node:module';
import { expect, test } from 'vitest';
import { catalogueOf } from './catalogue.ts';
import { eventsFile } from './events-file.ts';

const say = (en: string) => ({ en, es: 'español', ru: 'русский' });
const typed: PackDescription = {
  name: 'film-archive',
  labels: {},
  loggers: [],
  actions: {
    'film.open': { operation: 'read', labels: say('Film "opened" */ by\n someone’s \\ hand') },
    'film.copy': { operation: 'create', labels: say("The film's copy") },
  },
  attributes: { seats: 'number', 'odd name': 'json', kind: { enum: ['long', "director's"] } },
};
const untyped: PackDescription = {
  name: 'desk',
  labels: {},
  loggers: [],
  attributes: null,
  actions: { 'desk.open': { operation: 'execute', labels: say('Desk opened') } },
};

/** The same members in reverse order. */
function reversed({ actions, attributes, ...rest }: PackDescription): PackDescription {
  const turn = <Value>(members: Readonly<Record<string, Value>>): Record<string, Value> =>
    Object.fromEntries(Object.entries(members).toReversed());
  return { ...rest, actions: turn(actions), attributes: attributes && turn(attributes) };
}

test('SDK-6 the file does not depend on the order in which a server lists its packs, actions and attributes', () => {
  const text = eventsFile(catalogueOf([typed, untyped]));
  expect(eventsFile(catalogueOf([reversed(untyped), reversed(typed)]))).toBe(text);
  const other = { ...typed, attributes: { ...typed.attributes, seats: 'string' as const } };
  const hashOf = (file: string): string | undefined => /sha256:(\w+)/.exec(file)?.[1];
  expect(hashOf(eventsFile(catalogueOf([other, untyped])))).not.toBe(hashOf(text));
});

test('SDK-6 labels and names of any kind neither end a comment nor a text', async () => {
  const text = eventsFile(catalogueOf([typed, untyped]));
  expect(text).toContain(`  /** Film "opened" * / by someone’s \\ hand */\n`);
  expect(text).toContain(`'kind': { optional: ['long', 'director\\'s'] },`);
  expect(text).toContain(`  'desk.open': { attributes: 'any' },`);
  const module = stripTypeScriptTypes(text.replace(/^import .*$/m, 'const defineEvents = (specs) => specs;'));
  const made = await import(`data:text/javascript,${encodeURIComponent(module)}`);
  expect(made.actionLabels['film.open'].en).toBe(typed.actions['film.open']?.labels.en);
  expect(made.auditEvents['film.copy'].attributes).toEqual({
    seats: 'number?',
    'odd name': 'json?',
    kind: { optional: ['long', "director's"] },
  });
});

test('SDK-6 when two packs declare an action the later pack counts, and attributes that no action has are left out', () => {
  const again = { ...untyped, actions: { ...untyped.actions, ...typed.actions } };
  const text = eventsFile(catalogueOf([typed, again]));
  expect(text).toContain(`'film.open': { attributes: 'any' }`);
  expect(text).not.toContain('film-archive');
  expect(text).not.toContain('const attributes');
});
