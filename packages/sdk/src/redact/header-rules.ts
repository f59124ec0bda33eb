import { headersKept } from './header-names.ts';
import type { NameVerdicts } from './name-verdicts.ts';
import type { RedactOptions } from './redact-options.ts';

/** Applies the allow-list of HTTP headers to a copy of them, in any of the forms in which programs hold them. */
export interface HeaderRules {
  /** Returns the headers with all values redacted but those of the allow-list, and how many values were replaced. */
  redact(headers: unknown): { readonly value: unknown; readonly redactions: number };
  /** Whether `name` is the name of a secret, also of a header in a path such as `headers.x-user`. */
  isSecretName(name: string): boolean;
}

const redacted = '[redacted]';
const headerPath = /headers?[.[\]/"']+([\w-]+)["'\]]*$/i;

export function createHeaderRules({ allow = [] }: RedactOptions, verdicts: NameVerdicts): HeaderRules {
  const allowed = new Set(allow.map((name) => name.toLowerCase()));
  const isKept = (name: string): boolean =>
    allowed.has(name.toLowerCase()) || headersKept.has(name.toLowerCase());
  const isSecret = (name: string): boolean => verdicts(name) === 'secret' || verdicts(name) === 'countable';
  return {
    redact: (headers) => redactHeaders(headers, { isKept, isSecret }),
    isSecretName(name) {
      const header = headerPath.exec(name)?.[1];
      return isSecret(name) || (header !== undefined && !isKept(header));
    },
  };
}

interface HeaderNames {
  readonly isKept: (name: string) => boolean;
  readonly isSecret: (name: string) => boolean;
}

function redactHeaders(all: unknown, { isKept, isSecret }: HeaderNames): ReturnType<HeaderRules['redact']> {
  let redactions = 0;

  function hide(value: unknown): unknown {
    if (value === null || value === undefined || value === '' || value === redacted) return value;
    redactions += 1;
    return redacted;
  }
  // A number or a flag beside an unknown name is no credential.
  const redactValue = (name: string, value: unknown): unknown =>
    isKept(name) || (!isSecret(name) && (typeof value === 'number' || typeof value === 'boolean'))
      ? value
      : hide(value);

  function redactAny(headers: unknown): unknown {
    if (typeof headers === 'string') return redactLines(headers);
    if (Array.isArray(headers)) return redactList(headers);
    if (typeof headers !== 'object' || headers === null) return headers;
    const entries = Object.entries(headers);
    return Object.fromEntries(entries.map(([name, value]) => [name, redactValue(name, value)]));
  }

  function redactList(headers: readonly unknown[]): unknown[] {
    // Names and values in turns, as in `rawHeaders` of Node.js.
    const isFlat =
      headers.length > 0 && headers.length % 2 === 0 && headers.every((text) => typeof text === 'string');
    if (isFlat && headers.some((text, i) => i % 2 === 0 && (isKept(text) || isSecret(text)))) {
      return headers.map((text, i) => (i % 2 === 0 ? text : redactValue(String(headers[i - 1]), text)));
    }
    return headers.map(redactElement);
  }

  function redactElement(header: unknown): unknown {
    if (Array.isArray(header))
      return header.map((text, i) => (i === 0 ? text : redactValue(String(header[0]), text)));
    if (typeof header !== 'object' || header === null || !('value' in header)) return redactAny(header);
    const name = 'name' in header ? header.name : 'key' in header ? header.key : undefined;
    return { ...header, value: typeof name === 'string' ? redactValue(name, header.value) : header.value };
  }

  function redactLines(text: string): string {
    return text.replace(
      /^([\w-]+)(:[ \t]*)(.+)$/gm,
      (line: string, name: string, colon: string, value: string) =>
        redactValue(name, value) === value ? line : `${name}${colon}${redacted}`,
    );
  }

  const value = redactAny(all);
  return { value, redactions };
}
