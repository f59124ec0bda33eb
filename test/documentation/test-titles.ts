import { readFileSync } from 'node:fs';
import { parseAst } from 'vitest/node';
import { filesBelow } from '../support/files-below.ts';

const root = new URL('../../', import.meta.url);
const folders = ['test/', 'packages/', 'packs/', 'examples/'];
const callers = ['test', 'it', 'describe', 'suite'];
/**
 * One letter and a number, or several letters, a hyphen and a number: `A-04`, `F10`, `SDK-12`; not `UTF8`, `HS256` or `P-256`.
 */
const oneId = /(?:[A-Z]-?|[A-Z]{2,4}-)\d{1,2}(?![\w-])/;
/** The arguments of `test.each(…)` and similar functions are not titles. */
const takesNoTitle = ['each', 'for', 'skipIf', 'runIf', 'extend'];
const idsInFront = new RegExp(`^(?:${oneId.source}[,:]? +)+`);

/** An ID in front of the title of a test or of a group of tests. */
export interface CarriedId {
  readonly id: string;
  readonly title: string;
  /** The path of the file from the root of the repository. */
  readonly file: string;
}

/** Every ID that a title in a test file of the repository begins with. */
export function carriedIds(): CarriedId[] {
  return testFiles().flatMap((file) =>
    titlesOf(readFileSync(new URL(file, root), 'utf8')).flatMap((title) =>
      idsOf(title).map((id) => ({ id, title, file })),
    ),
  );
}

/** The IDs that a title begins with, in their order. */
export function idsOf(title: string): string[] {
  const [front = ''] = idsInFront.exec(title) ?? [];
  return front.match(new RegExp(oneId.source, 'g')) ?? [];
}

/**
 * The titles in a test file, with `…` for each value in a template. When a title begins with a value (`%s`, `$name` or a
 * variable), the ID may be in the value. Then every text of the file that begins with an ID counts as a title.
 */
export function titlesOf(source: string): string[] {
  const titles: string[] = [];
  const texts: string[] = [];
  visit(parseAst(source, { lang: 'ts' }), (node) => {
    const text = textOf(node);
    if (text !== undefined) texts.push(text);
    if (node['type'] !== 'CallExpression' || !callers.includes(calledName(node) ?? '')) return;
    if (takesNoTitle.includes(memberName(node['callee']) ?? '')) return;
    const [title] = node['arguments'] as unknown[];
    if (isNode(title)) titles.push(textOf(title) ?? '…');
  });
  const given = titles.some((title) => /^[%$…]/.test(title))
    ? texts.filter((text) => idsOf(text).length > 0)
    : [];
  return [...new Set([...titles, ...given])];
}

function testFiles(): string[] {
  return folders.flatMap((folder) => filesBelow(root, folder)).filter((path) => path.endsWith('.test.ts'));
}

type Node = Readonly<Record<string, unknown>>;

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}

function visit(value: unknown, seen: (node: Node) => void): void {
  if (Array.isArray(value)) return value.forEach((item) => visit(item, seen));
  if (!isNode(value)) return;
  seen(value);
  for (const part of Object.values(value)) visit(part, seen);
}

/** `test` of `test(…)`, `test.skipIf(…)(…)` and `test.each(…)(…)`. */
function calledName(node: Node): string | undefined {
  if (node['type'] === 'Identifier') return String(node['name']);
  const inner = node['type'] === 'CallExpression' ? node['callee'] : node['object'];
  return isNode(inner) ? calledName(inner) : undefined;
}

/** `each` of `test.each`. */
function memberName(node: unknown): string | undefined {
  if (!isNode(node) || node['type'] !== 'MemberExpression') return undefined;
  const { property } = node;
  return isNode(property) ? String(property['name']) : undefined;
}

function textOf(node: Node): string | undefined {
  if (node['type'] === 'Literal') return typeof node['value'] === 'string' ? node['value'] : undefined;
  if (node['type'] !== 'TemplateLiteral') return undefined;
  const quasis = node['quasis'] as { readonly value: { readonly cooked: string } }[];
  return quasis.map(({ value }) => value.cooked).join('…');
}
