/** The files of a new pack, by name. `name` is kebab-case. */
export function packTemplate(name: string): Readonly<Record<string, string>> {
  const variable = name.replaceAll(/-([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
  return {
    'package.json': manifest(name),
    'pack.ts': declaration(name, variable),
    'pack.test.ts': test(variable),
  };
}

function manifest(name: string): string {
  const fields = {
    name: `@bitacora/pack-${name}`,
    version: '0.1.0',
    license: 'Apache-2.0',
    type: 'module',
    exports: './pack.ts',
    dependencies: { '@bitacora/event': '0.1.0', '@bitacora/pack-kit': '0.1.0' },
  };
  return `${JSON.stringify(fields, null, 2)}\n`;
}

function declaration(name: string, variable: string): string {
  return `import { definePack } from '@bitacora/pack-kit';

type Opening = { readonly user: string; readonly document: string; readonly reason?: string };
const say = (en: string, es: string, ru: string) => ({ en, es, ru });

/** What the hosts of this pack report. */
export const ${variable} = definePack({
  name: '${name}',
  actions: {
    'document.open': {
      operation: 'read',
      labels: say('Document opened', 'Documento abierto', 'Документ открыт'),
    },
    'document.approve': {
      operation: 'update',
      level: 'medium',
      labels: say('Document approved', 'Documento aprobado', 'Документ утверждён'),
    },
  },
  attributes: { department: 'string' },
  indexed: ['attributes.department'],
  loggers: (capture) => ({
    open: ({ user, document, reason }: Opening) =>
      capture({
        action: 'document.open',
        actor: { id: user },
        target: { type: 'document', id: document },
        ...(reason === undefined ? {} : { reason }),
      }),
  }),
  routes: [
    {
      method: 'GET',
      path: '/api/${name}/documents/{document}/history/',
      params: { document: { in: 'path', type: 'string' } },
      permission: 'search',
      plan: ({ document }) => ({ history: { read: 'search', filters: { target: \`document/\${document}\` } } }),
      shape: ({ history = null }) => history,
    },
  ],
  examples: [
    {
      action: 'document.approve',
      actor: { id: 'ana' },
      target: { type: 'document', id: '42' },
      attributes: { department: 'legal' },
    },
  ],
});
`;
}

function test(variable: string): string {
  return `import { testPack } from '@bitacora/pack-kit';
import { expect, test } from 'vitest';
import { ${variable} } from './pack.ts';

test('the pack holds', () => {
  expect(testPack(${variable})).toEqual([]);
});
`;
}
