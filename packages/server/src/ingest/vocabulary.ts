import {
  compilePersonal,
  type AuditEvent,
  type Level,
  type Operation,
  type PersonalDeclarations,
  type PersonalPolicy,
  type Rejection,
} from '@bitacora/event';

/** What ingest needs of a pack; the server knows none of them by name. */
export interface IngestPack {
  name: string;
  actions: Readonly<Record<string, ActionRule>>;
  personal?: PersonalDeclarations;
  /** Checks the types of declared attributes. */
  check?: (event: AuditEvent) => Rejection | undefined;
  admission?: Admission;
}

export interface ActionRule {
  operation: Operation;
  module?: string;
  level?: Level;
}

export interface Admission {
  needs(event: AuditEvent): readonly { type: string; id: string }[];
  admit(
    event: AuditEvent,
    found: ReadonlyMap<string, Readonly<Record<string, unknown>>>,
  ): AuditEvent | Rejection;
}

/** How events of one action are admitted. */
export interface ActionPolicy {
  rule: ActionRule | undefined;
  personal: PersonalPolicy;
  pack: IngestPack | undefined;
}

/** The vocabularies of all packs together: action → policy. */
export function createVocabulary(packs: readonly IngestPack[]): (action: string) => ActionPolicy {
  const undeclared: ActionPolicy = { rule: undefined, personal: compilePersonal(), pack: undefined };
  const policies = new Map<string, ActionPolicy>();
  for (const pack of packs) {
    const personal = compilePersonal(pack.personal);
    for (const [action, rule] of Object.entries(pack.actions)) policies.set(action, { rule, personal, pack });
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

/** The operation of an action that no pack declares: by its verb (`booking.cancel`, `user_created`), else `execute`. */
export function operationOf(action: string): Operation {
  return operationOfVerb.get(action.slice(action.search(/[^.:_/-]*$/)).toLowerCase()) ?? 'execute';
}
