import { redactCards, redactIbans } from './account-numbers.ts';
import { redactEncoded } from './encoded-text.ts';
import { redactAwsSecrets, redactKnownTokens } from './known-tokens.ts';
import type { NameVerdicts } from './name-verdicts.ts';
import { redactAssignments } from './redact-assignments.ts';
import { redactSchemes, redactSpoken } from './redact-spoken.ts';
import { redactUserInfo } from './redact-user-info.ts';
import { mayHoldSecret } from './text-traits.ts';

/** A secret is searched within this many nested encodings. JSON in base64 in a query is three. */
export const encodingsMax = 4;

export interface TextRules {
  readonly verdicts: NameVerdicts;
  /** Redacts a parsed JSON text; undefined when nothing in it was secret. */
  readonly redactParsed: (parsed: object | string, level: number) => unknown;
}

/** Replaces the secrets within a text and leaves the rest as it is, byte for byte. `level` counts the encodings around it. */
export function redactText(text: string, rules: TextRules, level = 0): string {
  if (!mayHoldSecret(text)) return text;
  const json = redactJson(text, rules, level);
  if (json !== undefined) return json;
  // Tokens come first, because their replacement names their kind. Encoded text is searched last, because it is rare.
  let result = redactKnownTokens(text);
  if (result.includes('://')) result = redactUserInfo(result);
  result = redactAssignments(result, rules.verdicts);
  result = redactAwsSecrets(redactSchemes(redactSpoken(result)));
  result = redactCards(redactIbans(result));
  return level < encodingsMax
    ? redactEncoded(result, (inner) => redactText(inner, rules, level + 1))
    : result;
}

function redactJson(text: string, rules: TextRules, level: number): string | undefined {
  if (level >= encodingsMax || !/^\s*(?:\{[^]*\}|\[[^]*\]|"[^]*")\s*$/.test(text)) return undefined;
  try {
    const parsed: unknown = JSON.parse(text);
    if (typeof parsed !== 'string' && (typeof parsed !== 'object' || parsed === null)) return undefined;
    const redacted = rules.redactParsed(parsed, level + 1);
    return redacted === undefined ? text : JSON.stringify(redacted);
  } catch {
    // The text is not JSON, or its JSON is too deep: the text itself is searched.
    return undefined;
  }
}
