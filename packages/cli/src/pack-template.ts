import { ownVersion } from './own-version.ts';

/** The files of a new pack, by name. `name` is kebab-case. */
export function packTemplate(name: string): Readonly<Record<string, string>> {
  const variable = variableOf(name);
  return {
    'package.json': manifest(name),
    'pack.ts': declaration(name, variable),
    'pack.test.ts': test(variable),
  };
}

/** Words that cannot be the name of an export, or that `pack.ts` uses for something else. */
const takenWords: ReadonlySet<string> = new Set(
  (
    'arguments await break case catch class const continue debugger default delete do else enum eval export extends false ' +
    'finally for function if implements import in instanceof interface let new null package private protected public ' +
    'return static super switch this throw true try typeof undefined var void while with yield ' +
    'definePack expect opened packRoute say test testPack'
  ).split(' '),
);

/** The name under which the pack is exported, in camelCase. */
export function variableOf(name: string): string {
  const variable = name.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return takenWords.has(variable) ? `${variable}Pack` : variable;
}

function manifest(name: string): string {
  const release = ownVersion();
  const fields = {
    name: `@bitacora/pack-${name}`,
    version: '0.1.0',
    license: 'Apache-2.0',
    type: 'module',
    exports: './pack.ts',
    dependencies: { '@bitacora/event': release, '@bitacora/pack-kit': release },
  };
  return `${JSON.stringify(fields, null, 2)}\n`;
}

function declaration(name: string, variable: string): string {
  return `import { definePack, packRoute } from '@bitacora/pack-kit';

type Opening = { readonly user: string; readonly document: string; readonly department?: string };
const say = (en: string, es: string, ru: string) => ({ en, es, ru });
const opened = { action: 'document.open', actor: { id: 'ana' } } as const;

/** What the hosts of this pack report. */
export const ${variable} = definePack({
  name: '${name}',
  actions: {
    'document.open': {
      operation: 'read',
      labels: say('Document opened', 'Documento abierto', 'Документ открыт'),
    },
  },
  attributes: { department: 'string', pages: 'number' },
  indexed: ['attributes.department'],
  loggers: (capture) => ({
    open: ({ user, document, department }: Opening) =>
      capture({
        ...opened,
        actor: { id: user },
        target: { type: 'document', id: document },
        ...(department === undefined ? {} : { attributes: { department } }),
      }),
  }),
  routes: [
    packRoute({
      method: 'GET',
      path: '/api/${name}/documents/{document}/history/',
      params: { document: { in: 'path', type: 'string' } },
      permission: 'search',
      plan: ({ document }) => ({ history: { read: 'search', filters: { target: \`document/\${document}\` } } }),
      shape: ({ history }) => history,
    }),
  ],
  rules: {
    'opened-unknown': {
      labels: say('Opened by nobody known', 'Abierto por un desconocido', 'Открыл неизвестный'),
      sigma: { detection: { open: { action: 'document.open', 'actor.id': 'unknown' }, condition: 'open' } },
      examples: [
        { matches: true, events: [{ ...opened, actor: { id: 'unknown' } }] },
        { matches: false, events: [opened] },
      ],
    },
  },
  reports: {
    departments: {
      labels: say('By department', 'Por departamento', 'По отделам'),
      permission: 'reports',
      plan: () => ({ all: { read: 'facets', fields: ['attributes.department'] } }),
      shape: ({ all = null }) => ({ tables: [{ title: 'all', columns: ['opened'], rows: [[all]] }] }),
    },
  },
  views: { opened: { labels: say('Opened', 'Abiertos', 'Открытые'), columns: ['at', 'actor', 'target'] } },
  examples: [{ ...opened, attributes: { department: 'legal', pages: 3 } }],
});
`;
}

function test(variable: string): string {
  return `import { testPack } from '@bitacora/pack-kit';
import { expect, test } from 'vitest';
import { ${variable} } from './pack.ts';

test('the pack passes testPack', () => {
  expect(testPack(${variable})).toEqual([]);
});
`;
}
