export type Members = Record<string, unknown>;
export type Clone = (source: object) => Members;

// V8 learns for each place in the code how to clone an object, but only for up to four shapes of objects. One place for all
// objects of an event took four times as long (0.46 µs an event against 0.11), so that each field has a place of its own.
export const cloneEvent: Clone = (source) => ({ ...source });
const cloneActor: Clone = (source) => ({ ...source });
const cloneTarget: Clone = (source) => ({ ...source });
const cloneSubject: Clone = (source) => ({ ...source });
const cloneClient: Clone = (source) => ({ ...source });
const cloneRequest: Clone = (source) => ({ ...source });
const cloneAttributes: Clone = (source) => ({ ...source });
const cloneChange: Clone = (source) => ({ ...source });
export const cloneOther: Clone = (source) => ({ ...source });

/** How a field of an event is copied. */
export interface FieldWay {
  /** Clones the object in the field, or each object of its list. */
  readonly clone: Clone;
  /** The parser checks the form of the field, which no secret has. */
  readonly isChecked: boolean;
  /** The field may hold names that the host chose. In other fields the parser refuses such names, so that none is judged. */
  readonly isNamed: boolean;
}

const checked: FieldWay = { clone: cloneOther, isChecked: true, isNamed: true };
const open: FieldWay = { clone: cloneOther, isChecked: false, isNamed: true };
const closedBy = (clone: Clone): FieldWay => ({ clone, isChecked: false, isNamed: false });
// A map, because an event may have a field named like a member of every object.
const ways = new Map<string, FieldWay>(
  Object.entries({
    id: checked,
    occurredAt: checked,
    operation: checked,
    outcome: checked,
    level: checked,
    traceId: checked,
    spanId: checked,
    actor: closedBy(cloneActor),
    target: closedBy(cloneTarget),
    targets: closedBy(cloneTarget),
    subject: closedBy(cloneSubject),
    client: closedBy(cloneClient),
    request: closedBy(cloneRequest),
    error: closedBy(cloneOther),
    amount: closedBy(cloneOther),
    tags: closedBy(cloneOther),
    attributes: { ...open, clone: cloneAttributes },
    changes: { ...open, clone: cloneChange },
  }),
);

export function wayOf(field: string): FieldWay {
  return ways.get(field) ?? open;
}
