import { compilePersonal, type Operation, type PersonalPolicy } from '@bitacora/event';
import type { Action, AnyPack } from '@bitacora/pack-kit';

/** How events of one action are admitted. */
export interface ActionPolicy {
  /** The pack that declares the action, if one does. */
  pack: AnyPack | undefined;
  action: Action | undefined;
  personal: PersonalPolicy;
}

/** The vocabularies of all packs together: action → policy. */
export function createVocabulary(packs: readonly AnyPack[]): (action: string) => ActionPolicy {
  const undeclared: ActionPolicy = { pack: undefined, action: undefined, personal: compilePersonal() };
  const policies = new Map<string, ActionPolicy>();
  for (const pack of packs) {
    for (const [name, action] of Object.entries(pack.actions))
      policies.set(name, { pack, action, personal: pack.policy });
  }
  return (action) => policies.get(action) ?? undeclared;
}

const verbs: Record<Exclude<Operation, 'execute'>, readonly string[]> = {
  create: ['create', 'created', 'add', 'added', 'insert', 'register', 'registered'],
  read: ['read', 'view', 'viewed', 'get', 'list', 'search', 'export', 'exported', 'print', 'printed'],
  update: ['update', 'updated', 'edit', 'edited', 'modify', 'modified', 'change', 'changed', 'set'],
  delete: ['delete', 'deleted', 'remove', 'removed', 'destroy', 'destroyed'],
};
const operationOfVerb = new Map(
  Object.entries(verbs).flatMap(([operation, words]) =>
    words.map((word): [string, Operation] => [word, operation as Operation]),
  ),
);

/** The operation of an action that no pack declares, by its last word (`booking.delete`, `user_created`); else `execute`. */
export function operationOf(action: string): Operation {
  return operationOfVerb.get(action.slice(action.search(/[^.:_/-]*$/)).toLowerCase()) ?? 'execute';
}
