import type { PackAttribute } from '@bitacora/client';
import type { Catalogue, CataloguedAction } from './catalogue.ts';

const madeBy = '// Made by `bitacora codegen`';

/** Whether a text was made by `eventsFile`, for any catalogue. */
export function isEventsFile(text: string): boolean {
  return text.startsWith(madeBy);
}

/**
 * A TypeScript text with which the host's compiler refuses any other action or attribute. The same catalogue gives the
 * same text.
 */
export function eventsFile({ actions, attributes, hash }: Catalogue): string {
  return `${madeBy} from what the packs of a Bitácora server declare: change it there and make it again.
// Catalogue sha256:${hash}
import { defineEvents, type DefinedEvent } from '@bitacora/sdk/functions';
${attributes.length === 0 ? '' : `\nconst attributes = {\n${attributes.map(packAttributes).join('')}} as const;\n`}
/** \`auditEvents.typed(audit)\` captures these events. */
export const auditEvents = defineEvents({
${actions.map(definition).join('')}});

/** Any of them. */
export type AuditEvent = DefinedEvent<typeof auditEvents.specs>;

/** What people read in place of the action, by language. */
export const actionLabels = {
${actions.map(label).join('')}} as const;
`;
}

function packAttributes([pack, types]: Catalogue['attributes'][number]): string {
  const lines = types.map(([name, type]) => `    ${quoted(name)}: ${spec(type)},\n`);
  return `  ${quoted(pack)}: {\n${lines.join('')}  },\n`;
}

/** Every attribute of a pack may be absent. */
function spec(type: PackAttribute): string {
  return typeof type === 'string'
    ? quoted(`${type}?`)
    : `{ optional: [${type.enum.map(quoted).join(', ')}] }`;
}

function definition({ name, labels, attributesOf }: CataloguedAction): string {
  const allowed = attributesOf === null ? quoted('any') : `attributes[${quoted(attributesOf)}]`;
  return `  /** ${comment(labels.en)} */\n  ${quoted(name)}: { attributes: ${allowed} },\n`;
}

function label({ name, labels: { en, es, ru } }: CataloguedAction): string {
  return `  ${quoted(name)}: { en: ${quoted(en)}, es: ${quoted(es)}, ru: ${quoted(ru)} },\n`;
}

function quoted(text: string): string {
  return `'${JSON.stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

function comment(text: string): string {
  return text.replaceAll(/\s+/g, ' ').replaceAll('*/', '* /');
}
