import { limits } from '@bitacora/event';
import { isCard } from './account-numbers.ts';
import { cloneEvent, cloneOther, wayOf, type Clone, type Members } from './field-way.ts';
import { compileFieldRules, isNeeded, type FieldPath } from './field-rules.ts';
import { createHeaderRules } from './header-rules.ts';
import { createNameVerdicts, type NameVerdict } from './name-verdicts.ts';
import { plainValue } from './plain-value.ts';
import type { RedactOptions } from './redact-options.ts';
import { redactText, type TextRules } from './redact-text.ts';
import { SnapshotRefusal } from './snapshot-refusal.ts';
import { mayHoldSecret } from './text-traits.ts';

/** Copies one event at a time. The other two functions are about the copy that was made last. */
export interface Copier {
  /** Throws the errors of the host's getters, and `SnapshotRefusal`. */
  copyEvent(event: object): Record<string, unknown>;
  bytes(): number;
  /** The path at which the copying threw. */
  path(): FieldPath;
}

const redacted = '[redacted]';
/** The quotes, colon and comma of a member. */
const memberBytes = 4;
/** A number or a flag. */
const scalarBytes = 8;
const cardLeast = 1e12;
const siblingNames = 'path name key field header column property attribute'.split(' ');

export function createCopier(options: RedactOptions): Copier {
  const verdicts = createNameVerdicts(options, (name) => redactText(name, textRules) !== name);
  const headers = createHeaderRules(options, verdicts);
  const rules = compileFieldRules(options);
  const textRules: TextRules = { verdicts, redactParsed };
  // The path to the value that is copied. Only its first `depth` keys count, and it is set only for containers.
  const keys: (string | number)[] = [];
  let depth = 0;
  let bytes = 0;
  let redactions = 0;
  let isInText = false;
  let isNamed = true;
  let clone: Clone = cloneOther;

  function copyEvent(event: object): Members {
    depth = 0;
    bytes = 2;
    redactions = 0;
    isInText = false;
    clone = cloneEvent;
    const copy = spread(event);
    for (const key in copy) {
      const member = copy[key];
      if (member === undefined) continue;
      bytes += key.length + memberBytes;
      const way = wayOf(key);
      isNamed = way.isNamed;
      clone = way.clone;
      if (way.isChecked && typeof member === 'string') bytes += member.length + 2;
      else if (rules === undefined) {
        const next = copied(key === 'error' && member instanceof Error ? errorFields(member) : member, key);
        if (next !== member) copy[key] = next;
      } else setByRules(copy, key);
    }
    return copy;
  }

  function copyMembers(source: object): unknown {
    const copy = spread(source);
    clone = cloneOther;
    for (const key in copy) {
      const member = copy[key];
      if (key === 'toJSON' && typeof member === 'function') return copied(plainValue(source), '');
      bytes += key.length + memberBytes;
      const verdict = isNamed ? verdicts(key) : 'ordinary';
      if (verdict !== 'ordinary') setJudged(copy, { key, verdict });
      else if (rules === undefined || isInText) {
        const next = copied(member, key);
        if (next !== member) copy[key] = next;
      } else setByRules(copy, key);
    }
    return copy;
  }

  function copyElements(source: readonly unknown[]): unknown[] {
    const { length } = source;
    if (length * 2 > limits.eventSizeMaxBytes) throw new SnapshotRefusal('too_large');
    // A subclass may have a `slice` of its own.
    const copy: unknown[] = Array.prototype.slice.call(source);
    const own = clone;
    for (let i = 0; i < length; i++) {
      clone = own;
      const element = copied(rules === undefined ? copy[i] : ruled(copy[i], i), i);
      // A position that holds nothing becomes null, as in JSON.
      copy[i] = element === undefined ? null : element;
    }
    return copy;
  }

  function copied(value: unknown, key: string | number): unknown {
    if (typeof value === 'string') {
      bytes += value.length + 2;
      return mayHoldSecret(value) ? copiedText(value) : value;
    }
    if (typeof value === 'object' && value !== null) return copiedObject(value, key);
    bytes += scalarBytes;
    if (typeof value === 'number' && value >= cardLeast && isCard(String(value))) {
      redactions += 1;
      return '[redacted:card]';
    }
    if (typeof value === 'bigint') return copied(String(value), key);
    return typeof value === 'function' || typeof value === 'symbol' ? undefined : value;
  }

  function copiedObject(value: object, key: string | number): unknown {
    keys[depth] = key;
    depth += 1;
    // This also ends the copying of a value that refers to itself, or that grows each time it is read.
    if (depth >= limits.depthMax) throw new SnapshotRefusal('too_deep');
    if (bytes > limits.eventSizeMaxBytes * 2) throw new SnapshotRefusal('too_large');
    let copy: unknown;
    if (Array.isArray(value)) copy = copyElements(value);
    else if (isPlain(value)) copy = copyMembers(value);
    else {
      const plain = plainValue(value);
      // One level deeper, so that the copying of a value that always returns a new object comes to an end.
      copy = plain === value ? copyMembers(value) : copied(plain, '');
    }
    depth -= 1;
    return copy;
  }

  function copiedText(text: string): string {
    if (text.length > limits.eventSizeMaxBytes) throw new SnapshotRefusal('too_large');
    const before = redactions;
    const kept = redactText(text, textRules);
    // The secrets in a JSON text were counted while it was copied.
    if (kept !== text && redactions === before) redactions += 1;
    return kept;
  }

  function redactParsed(parsed: unknown, level: number): unknown {
    const before = { depth, redactions, bytes, isInText, isNamed };
    isInText = true;
    isNamed = true;
    depth = Math.min(depth + level, limits.depthMax - 1);
    try {
      const copy = typeof parsed === 'string' ? redactText(parsed, textRules, level) : copied(parsed, '');
      if (typeof parsed === 'string' && copy !== parsed) redactions += 1;
      return redactions > before.redactions ? copy : undefined;
    } finally {
      ({ depth, bytes, isInText, isNamed } = before);
    }
  }

  function setJudged(copy: Members, { key, verdict }: { key: string; verdict: NameVerdict }): void {
    const member = copy[key];
    if (verdict === 'headers') {
      const kept = headers.redact(copied(member, key));
      copy[key] = kept.value;
      redactions += kept.redactions;
    } else if (verdict === 'exposed') {
      delete copy[key];
      copy[redactText(key, textRules)] = copied(member, redacted);
      redactions += 1;
    } else if (verdict !== 'paired') setSecret(copy, { key, isCountable: verdict === 'countable' });
    else {
      const names = siblingNames.map((sibling) => copy[sibling]).filter((name) => typeof name === 'string');
      if (names.some((name) => headers.isSecretName(name))) setSecret(copy, { key, isCountable: false });
      else setByRules(copy, key);
    }
  }

  function setSecret(copy: Members, { key, isCountable }: { key: string; isCountable: boolean }): void {
    const member = copy[key];
    // An event may say whether there is a secret: `password: null`, `hasToken: true`.
    if (member === null || member === undefined || member === '' || typeof member === 'boolean') return;
    if (isCountable && typeof member === 'number') return;
    copy[key] = redacted;
    redactions += 1;
    bytes += redacted.length;
  }

  function setByRules(copy: Members, key: string): void {
    const kept = ruled(copy[key], key);
    if (kept === undefined && copy[key] !== undefined) delete copy[key];
    else copy[key] = copied(kept, key);
  }

  function ruled(value: unknown, key: string | number): unknown {
    if (rules === undefined || isInText) return value;
    keys[depth] = key;
    const path = keys.slice(0, depth + 1).filter((name) => name !== '');
    const kept = rules(path, value);
    if (kept !== value) redactions += 1;
    return kept === undefined && value !== undefined && (typeof key === 'number' || isNeeded(path))
      ? redacted
      : kept;
  }

  // Cloning the whole object and then replacing some members is much faster than setting each member.
  function spread(source: object): Members {
    try {
      return clone(source);
    } catch (thrown) {
      keys[depth] = keyThatThrows(source);
      depth += 1;
      throw thrown;
    }
  }

  return {
    copyEvent,
    bytes: () => bytes,
    path: () => keys.slice(0, depth).filter((key) => key !== ''),
  };
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** An event's own `error` has no field for the error's name. */
function errorFields(error: Error): Members {
  const { message } = error;
  return 'code' in error && typeof error.code === 'string' ? { code: error.code, message } : { message };
}

function keyThatThrows(source: object): string {
  try {
    for (const key of Object.keys(source)) {
      try {
        Reflect.get(source, key);
      } catch {
        return key;
      }
    }
  } catch {
    // A revoked proxy throws for its keys, too.
  }
  return '';
}
