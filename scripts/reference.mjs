import { mkdtempSync, readFileSync, rmSync, chmodSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rejections } from '@bitacora/event';
import { errorTable, filterFields, readSettings, settingTable, startServer } from '@bitacora/server';
import { format, resolveConfig } from 'prettier';

// Generates docs/reference/ from the code: node --conditions=bitacora:source scripts/reference.mjs [--check]
// With --check nothing is written; the exit code is 1 when a file differs from what the code gives, and its name is printed.

const folder = fileURLToPath(new URL('../docs/reference/', import.meta.url));
const made = '<!-- Made by `npm run reference` from the code: change it there. -->';

const pages = {
  'errors.md': errorsPage(),
  'settings.md': settingsPage(),
  'qualifiers.md': qualifiersPage(),
  'api.md': apiPage(await openApiDocument()),
};
const stale = [];
for (const [name, text] of Object.entries(pages)) {
  const file = join(folder, name);
  const wanted = await format(text, { ...(await resolveConfig(file)), filepath: file });
  if (process.argv.includes('--check')) {
    if (readOrEmpty(file) !== wanted) stale.push(name);
  } else writeFileSync(file, wanted);
}
for (const name of stale)
  console.error(`docs/reference/${name} is not what the code says: npm run reference`);
process.exitCode = stale.length === 0 ? 0 : 1;

function errorsPage() {
  const problems = [
    ...Object.entries(errorTable),
    ['events_rejected', { status: 422, title: 'No event was accepted' }],
  ].sort(([, a], [, b]) => a.status - b.status);
  return `${made}

# Errors

Every refusal is \`application/problem+json\` (RFC 9457):

\`\`\`json
{
  "type": "urn:bitacora:problem:invalid_query",
  "title": "The search query is not valid",
  "status": 400,
  "detail": "this parenthesis is never closed (character 7)",
  "parameter": "q",
  "position": 7,
  "correlationId": "0d031398-ad0f-4fc8-ba93-a65622300e88"
}
\`\`\`

\`parameter\` names the parameter or field at fault, \`position\` the character of a query (from 1) or the byte of a body (from 0),
\`correlationId\` finds the request in the server's log; it is also in the header \`X-Correlation-Id\`, and is yours if you sent one.

## Problems

${table(
  ['Status', 'Code', 'Means'],
  problems.map(([name, { status, title }]) => [status, code(name), title]),
)}

Wait and send the same again after 429, 503 and 507, and after \`not_yet_published\`: as many seconds as the header \`Retry-After\` says,
if there is one. All others will be refused again without a change.

## Rejections of one event

A rejected event does not stop the others of its request: it has \`{"id"?, "error": {code, field, message, position?}}\` at its place
in \`results\`. Only when no event at all is accepted or known already is the answer a problem: \`409 conflict\` for a single event whose id
was stored with another body, otherwise \`422 events_rejected\`, both with \`results\`.

${table(
  ['Code', 'Means'],
  [
    ...Object.entries(rejections).map(([name, text]) => [code(name), text]),
    ['`conflict` with `field: id`', 'this id was stored with another body'],
    ['`expired`', 'retention may have removed an event with this id, so it is not stored again'],
  ],
)}
`;
}

function settingsPage() {
  return `${made}

# Settings

Read from the environment at start; a value that is not valid stops the start with exit code 2 and names its variable.

${table(
  ['Variable', 'Default', 'What it is'],
  Object.values(settingTable).map(({ variable, fallback, about }) => [
    `\`${variable}\``,
    fallback === '' ? '' : `\`${fallback}\``,
    about,
  ]),
)}

Commands that talk to a server take \`--url\` and \`--key\`, or \`BITACORA_URL\` (default \`http://localhost:4000\`) and \`BITACORA_API_KEY\`.
`;
}

function qualifiersPage() {
  const names = Object.keys(filterFields);
  const rows = Object.entries(filterFields).map(([name, { scanned, allowed, order }]) => {
    const alias = scanned !== undefined && scanned !== name && names.includes(scanned);
    const values = allowed?.map((value) => `\`${value}\``).join(', ') ?? '';
    const scans = scanned === undefined ? 'no' : 'yes';
    return [
      `\`${name}:\``,
      alias ? `the same as \`${scanned}:\`` : values,
      scans,
      order ? 'in that order' : scans === 'yes' ? 'numbers' : 'no',
      scans,
    ];
  });
  return `${made}

# Search qualifiers

What can stand before a colon in \`q\`; how they are combined is in the [guide on searching](../guides/searching.md). «Facet» says whether
\`/v1/facets?fields=\` and \`/v1/histogram?by=\` take the field. Fields without wildcards are personal: the index holds keyed tokens of whole
values (or whole words of a name) only.

${table(
  ['Qualifier', 'Values', 'Wildcards', '`>` `<` `..`', 'Facet'],
  [
    ...rows,
    [
      '`attributes.NAME:`',
      'any attribute, nested ones with dots: `attributes.card.brand:`',
      'yes',
      'numbers',
      'yes',
    ],
    ['`context.NAME:`', 'the same of `context`', 'yes', 'numbers', 'yes'],
    ['`created:`, `at:`', 'a date, a time or `now-7d`', 'no', 'times', 'no'],
  ],
)}

- \`actor:\` finds an id, an e-mail address, or all words of a name; its wildcards go through ids.
- \`target:\` takes \`type/id\`, or an id alone.
- A name with other characters than letters, digits, \`_\`, \`.\`, \`$\` and \`-\` is quoted: \`attributes."Código postal":28001\`.
`;
}

function apiPage(document) {
  const operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({
      method: method.toUpperCase(),
      path,
      ...operation,
    })),
  );
  return `${made}

# HTTP API

Version ${document.info.version}. A running server has the same as OpenAPI ${document.openapi} at \`/openapi.json\` and as a page at \`/app/reference\`.

Credentials: \`Authorization: Bearer <key>\`. Parameters that a route does not know are refused. Refusals are
[problems](errors.md).

${table(
  ['', 'Path', 'What it does', 'Scope'],
  operations.map(({ method, path, summary, description }) => [
    method,
    `\`${path}\``,
    summary,
    scopeOf(description),
  ]),
)}

${operations.map(operationText).join('\n\n')}
`;
}

function operationText({ method, path, summary, description, parameters = [], requestBody, responses }) {
  const [[status, success]] = Object.entries(responses);
  const content = Object.entries(success.content ?? {});
  return [
    `## ${method} ${path}`,
    `${summary}. ${description ?? 'Open to everybody.'}`,
    parameters.length === 0
      ? ''
      : table(
          ['Parameter', 'In', 'Value'],
          parameters.map(({ name, in: place, required, schema }) => [
            `\`${name}\`${required && place === 'query' ? ' (required)' : ''}`,
            place,
            shape(schema),
          ]),
        ),
    ...Object.entries(requestBody?.content ?? {}).map(
      ([type, { schema }]) => `Body \`${type}\`: ${schema.description ?? code(shape(schema))}`,
    ),
    content.length === 0
      ? `Answer \`${status}\`, without a body.`
      : content
          .map(([type, { schema }]) => `Answer \`${status}\`, \`${type}\`: ${code(shape(schema))}`)
          .join('\n'),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

/** A JSON schema in a short notation for people. */
function shape(schema) {
  if (schema.enum !== undefined) return schema.enum.join(' or ');
  if (schema.const !== undefined) return String(schema.const);
  const choices = schema.oneOf ?? schema.anyOf;
  if (choices !== undefined) return choices.map(shape).join(' or ');
  if (schema.type === 'array') return `[${shape(schema.items ?? {})}, …]`;
  if (schema.type === 'object' && schema.properties !== undefined) {
    const required = new Set(schema.required);
    return `{${Object.entries(schema.properties)
      .map(([name, inner]) => `${name}${required.has(name) ? '' : '?'}: ${shape(inner)}`)
      .join(', ')}}`;
  }
  if (schema.type === 'object' && schema.required !== undefined) return `{${schema.required.join(', ')}, …}`;
  if (schema.type === 'object') return '{…}';
  return schema.type ?? 'any';
}

function code(text) {
  return `\`${text}\``;
}

function scopeOf(description) {
  if (description?.includes('any credentials')) return 'any';
  return /`([\w.]+)`/.exec(description ?? '')?.[1] ?? 'open';
}

function table(head, rows) {
  const line = (cells) => `| ${cells.map((cell) => String(cell).replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** The OpenAPI document of a server that is started for this purpose, because the routes are made when it starts. */
async function openApiDocument() {
  const dataDirectory = mkdtempSync(join(tmpdir(), 'bitacora-reference-'));
  // When this runs as root, the embedded PostgreSQL runs as another user.
  chmodSync(dataDirectory, 0o755);
  const settings = readSettings({
    BITACORA_DATA_DIR: dataDirectory,
    BITACORA_PORT: '0',
    BITACORA_LOG_LEVEL: 'silent',
  });
  try {
    const server = await startServer({ settings });
    try {
      const answer = await fetch(`${server.url}/openapi.json`);
      return await answer.json();
    } finally {
      await server.close();
    }
  } finally {
    rmSync(dataDirectory, { recursive: true, force: true });
  }
}

function readOrEmpty(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
