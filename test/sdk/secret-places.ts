import type { InventedSecret } from './invented-secrets.ts';

/** The eight places of an event in which a secret must be redacted. */
export const secretPlaces: Record<string, (secret: InventedSecret) => Record<string, unknown>> = {
  nested: ({ name, text }) => ({ attributes: { order: { steps: { second: { [name]: text } } } } }),
  arrays: ({ name, text }) => ({ attributes: { rows: [['x', { [name]: [text] }], { name, value: text }] } }),
  'stringified JSON': ({ name, text }) => ({
    attributes: { body: JSON.stringify({ page: 1, deep: JSON.stringify({ [name]: text }) }) },
  }),
  base64: ({ name, text, known }) => {
    const plain = known ? text : `{"${name}":${JSON.stringify(text)}}`;
    return {
      attributes: { payload: Buffer.from(plain).toString('base64') },
      reason: `got ${Buffer.from(plain).toString('base64url')}`,
    };
  },
  headers: ({ name, text }) => ({
    attributes: {
      headers: {
        'x-own': text,
        cookie: `sid=${encodeURIComponent(text)}`,
        referer: `https://a.example/?${encodeURIComponent(name)}=${encodeURIComponent(text)}`,
      },
      response: { rawHeaders: ['Content-Type', 'text/plain', 'X-Other', text] },
    },
  }),
  query: ({ name, text }) => ({
    request: { method: 'GET', url: `/search?page=2&${encodeURIComponent(name)}=${encodeURIComponent(text)}` },
  }),
  'error message': ({ name, text }) => ({
    error: { code: 'E_SEND', message: `Request failed with ${name}=${text} after 3 attempts` },
    description: `could not be sent (${name}: "${text.replaceAll('\n', '\\n')}")`,
  }),
  'GraphQL variables': ({ name, text }) => ({
    attributes: {
      graphql: {
        query: `mutation { save(input: {id: 7, ${name}: ${JSON.stringify(text)}}) { id } }`,
        variables: { input: { [name]: text } },
      },
    },
  }),
};

/** Whether an event still contains the secret, in any of the forms in which it was written. */
export function isLeaked(event: unknown, { core }: Pick<InventedSecret, 'core'>): boolean {
  const shown = textsOf(event);
  const cores = [core, encodeURIComponent(core), JSON.stringify(core).slice(1, -1)];
  if (/^[\d -]{13,}$/.test(core)) cores.push(core.replace(/\D/g, ''));
  return shown.some((text) =>
    cores.some((core) => text.includes(core) || text.replace(/[ -]/g, '').includes(core)),
  );
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'object' && value !== null) return Object.values(value).flatMap(textsOf);
  if (typeof value !== 'string') return [String(value)];
  const decoded = [...value.matchAll(/[\w+/-]{8,}={0,2}/g)].map(([run]) =>
    Buffer.from(run, 'base64').toString('utf8'),
  );
  return [value, ...decoded, value.replaceAll('\\n', '\n').replaceAll('\\"', '"')];
}
