import type { PackAttribute, PackDescription, PackLabels } from '@bitacora/client';
import { canonicalJson } from '@bitacora/event';
import { createHash } from 'node:crypto';

/** The declarations of all packs of a server, in an order that does not depend on the order of the packs. */
export interface Catalogue {
  /** Sorted by name. */
  readonly actions: readonly CataloguedAction[];
  /** The attributes of each pack that checks them; packs and attributes are sorted by name. */
  readonly attributes: readonly (readonly [pack: string, readonly (readonly [string, PackAttribute])[]])[];
  /** SHA-256 of actions and attributes, in hex. */
  readonly hash: string;
}

export interface CataloguedAction {
  readonly name: string;
  /** The pack whose attributes its events may have; null: any attributes. */
  readonly attributesOf: string | null;
  readonly labels: PackLabels;
}

/** When two packs declare the same action, the later pack counts, as on the server. */
export function catalogueOf(packs: readonly PackDescription[]): Catalogue {
  const byName = new Map<string, CataloguedAction>();
  for (const { name: pack, attributes, actions } of packs)
    for (const [name, { labels }] of Object.entries(actions))
      byName.set(name, { name, labels, attributesOf: attributes === null ? null : pack });
  const actions = sorted([...byName]).map(([, action]) => action);
  const used = new Set(actions.map(({ attributesOf }) => attributesOf));
  const attributes = sorted(
    packs.flatMap(({ name, attributes: types }) =>
      types !== null && used.has(name) ? [[name, sorted(Object.entries(types))] as const] : [],
    ),
  );
  const hash = createHash('sha256').update(canonicalJson({ actions, attributes })).digest('hex');
  return { actions, attributes, hash };
}

function sorted<Value>(
  entries: readonly (readonly [string, Value])[],
): readonly (readonly [string, Value])[] {
  return entries.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}
