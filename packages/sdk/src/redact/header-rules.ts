import { headersKept } from './header-names.ts';
import type { NameVerdicts } from './name-verdicts.ts';
import type { RedactOptions } from './redact-options.ts';

/** Applies the allow-list of HTTP headers to a copy of them, in any of the forms in which programs hold them. */
export interface HeaderRules {
  /** Changes `headers` in place where it is a list or an object. */
  redact(headers: unknown): { readonly value: unknown; readonly redactions: number };
  /** Whether what is called `name` is secret, also a header by a path such as `headers.x-user`. */
  isSecretName(name: string): boolean;
}

const redacted = '[redacted]';
const headerPath = /headers?[.[\]/"']+([\w-]+)["'\]]*$/i;

export function createHeaderRules({ allow = [] }: RedactOptions, verdicts: NameVerdicts): HeaderRules {
  const allowed = new Set(allow.map((name) => name.toLowerCase()));
  const isKept = (name: string): boolean =>
    allowed.has(name.toLowerCase()) || headersKept.has(name.toLowerCase());
  const isSecret = (name: string): boolean => verdicts(name) === 'secret' || verdicts(name) === 'countable';
  let redactions = 0;

  const hidden = (value: unknown): unknown => {
    if (value === null || value === undefined || value === '' || value === redacted) return value;
    redactions += 1;
    return redacted;
  };
  // A number or a flag beside an unknown name is no credential.
  const judged = (name: string, value: unknown): unknown =>
    isKept(name) || (!isSecret(name) && (typeof value === 'number' || typeof value === 'boolean'))
      ? value
      : hidden(value);

  function walk(headers: unknown): unknown {
    if (typeof headers === 'string') return lines(headers);
    if (Array.isArray(headers)) return list(headers);
    if (typeof headers !== 'object' || headers === null) return headers;
    return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, judged(name, value)]));
  }

  function list(headers: readonly unknown[]): unknown[] {
    const isFlat =
      headers.length > 0 && headers.length % 2 === 0 && headers.every((text) => typeof text === 'string');
    if (isFlat && headers.some((text, i) => i % 2 === 0 && (isKept(text) || isSecret(text)))) {
      return headers.map((text, i) => (i % 2 === 0 ? text : judged(String(headers[i - 1]), text)));
    }
    return headers.map((header) => {
      if (typeof header === 'string') return lines(header);
      if (Array.isArray(header))
        return header.map((text, i) => (i === 0 ? text : judged(String(header[0]), text)));
      if (typeof header !== 'object' || header === null || !('value' in header)) return walk(header);
      const name = 'name' in header ? header.name : 'key' in header ? header.key : undefined;
      return { ...header, value: typeof name === 'string' ? judged(name, header.value) : header.value };
    });
  }

  function lines(text: string): string {
    return text.replace(
      /^([\w-]+)(:[ \t]*)(.+)$/gm,
      (line: string, name: string, colon: string, value: string) => {
        const kept = judged(name, value);
        return kept === value ? line : `${name}${colon}${redacted}`;
      },
    );
  }

  return {
    redact(headers) {
      redactions = 0;
      const value = walk(headers);
      return { value, redactions };
    },
    isSecretName(name) {
      const header = headerPath.exec(name)?.[1];
      return isSecret(name) || (header !== undefined && !isKept(header));
    },
  };
}
