import { setBounded } from '../host/set-bounded.ts';
import type { RedactOptions } from './redact-options.ts';
import { aboutSecrets, countable, secretBeginnings, secretEndings, secretPhrases } from './secret-phrases.ts';

/**
 * What a key's name says about its value. `secret`: redact it. `countable`: redact it unless it is a number. `headers`:
 * HTTP headers, of which only those of the allow-list are kept. `paired`: a value whose name may stand beside it, as in
 * `{ name: 'password', value: '…' }` and in changes.
 * `exposed`: the name itself is a secret, for instance where tokens are the keys of an object.
 */
export type NameVerdict = 'ordinary' | 'secret' | 'countable' | 'headers' | 'paired' | 'exposed';

export type NameVerdicts = (name: string) => NameVerdict;

const pairedNames = new Set(
  'value before after old new oldvalue newvalue previous current from to previousvalue currentvalue'.split(
    ' ',
  ),
);
/** Longer names are judged by their end. */
const nameLengthMaxChars = 128;
/** Few hosts have more different names; the cache then drops the oldest. */
const cachedNamesMax = 4_096;
const phraseWordsMax = 4;

/** Makes the function that judges names. It remembers its verdicts, up to a limit, because some hosts use ids as keys. */
export function createNameVerdicts(
  options: RedactOptions,
  isSecretText: (name: string) => boolean,
): NameVerdicts {
  const phrases = new Set([...secretPhrases, ...(options.names ?? []).map(joined)]);
  const allowed = new Set((options.allow ?? []).map(joined));
  const cache = new Map<string, NameVerdict>();
  return (name) => {
    const cached = cache.get(name);
    if (cached !== undefined) return cached;
    const short = name.length > nameLengthMaxChars ? name.slice(-nameLengthMaxChars) : name;
    const words = wordsOf(short);
    const judged = allowed.has(words.join('')) ? 'ordinary' : judge(words, phrases);
    const verdict = judged === 'ordinary' && isSecretText(name) ? 'exposed' : judged;
    // A name that is itself a secret is not kept in memory.
    if (name.length > nameLengthMaxChars || verdict === 'exposed') return verdict;
    setBounded(cache, cachedNamesMax, { key: name, value: verdict });
    return verdict;
  };
}

/** Lower-case words of a name without accents: `X-Api-Key`, `apiKey` and `API_KEY` end in `api key`. */
export function wordsOf(name: string): string[] {
  const spaced = name.replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2').replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2');
  return (
    spaced
      .normalize('NFD')
      .replace(/\p{M}/gu, '')
      .toLowerCase()
      .match(/\p{L}+|\d+/gu) ?? []
  );
}

function joined(name: string): string {
  return wordsOf(name).join('');
}

function judge(words: readonly string[], phrases: ReadonlySet<string>): NameVerdict {
  const last = words.findLast((word) => !/^\d/.test(word)) ?? '';
  if (last === 'headers' || last === 'rawheaders') return 'headers';
  if (pairedNames.has(words.join(''))) return 'paired';
  const named = phraseIn(words, phrases) ?? words.find(isJoined);
  if (named === undefined) return 'ordinary';
  const speaksAbout = words.length > 1 && aboutSecrets.has(last) && !phrases.has(words.join(''));
  if (speaksAbout && !(last === 'id' && named.startsWith('secret'))) return 'ordinary';
  return countable.has(named) ? 'countable' : 'secret';
}

function phraseIn(words: readonly string[], phrases: ReadonlySet<string>): string | undefined {
  for (let from = 0; from < words.length; from++) {
    let phrase = '';
    for (const word of words.slice(from, from + phraseWordsMax)) {
      phrase += word;
      if (phrases.has(phrase) && !isOtherMeaning(words, from, phrase)) return phrase;
    }
  }
  return undefined;
}

// Spanish "clave" is also the key of a catalogue or of a search; alone or at the end of a name it is a password.
function isOtherMeaning(words: readonly string[], from: number, phrase: string): boolean {
  if (phrase === 'clave' || phrase === 'claves')
    return words[from - 1] === 'palabra' || words[from - 1] === 'palabras' || from < words.length - 1;
  return phrase === 'pass' && from === 0 && words.length > 1 && words[1] === 'through';
}

function isJoined(word: string): boolean {
  if (secretEndings.some((ending) => word.endsWith(ending))) return true;
  const beginning = secretBeginnings.find((start) => word.startsWith(start));
  return beginning !== undefined && !aboutSecrets.has(word.slice(beginning.length));
}
