import { uuid } from './invented-events.ts';
import { malformedValues, wrongEvents } from './hostile-parts.ts';
import { nastyTexts } from './nasty-texts.ts';
import type { Random } from './random.ts';

/** One line of NDJSON (without line ends inside) and the result that it must have. */
export type HostileInput =
  | { text: string; becomes: 'stored'; id: string; event: Record<string, unknown> }
  /** Not JSON: the byte position must lie within the line. */
  | { text: string; becomes: 'malformed' }
  /** It is JSON but not an event: the rejection names a field that begins with one of these. */
  | { text: string; becomes: 'refused'; fields: readonly string[] };

/** An input of one of the three kinds. The same seed gives the same inputs. */
export function hostileInput(random: Random): HostileInput {
  const kind = random.int(3);
  if (kind === 0) return nastyEvent(random);
  return kind === 1 ? malformed(random) : refused(random);
}

function nastyEvent(random: Random): HostileInput {
  const event = completeEvent(random);
  return { text: spelled(event, random), becomes: 'stored', id: String(event['id']), event };
}

function completeEvent(random: Random): Record<string, unknown> {
  const text = (): string => random.pick(nastyTexts) + (random.chance(0.4) ? random.pick(nastyTexts) : '');
  const name = (most: number): string => text().slice(0, most).toWellFormed();
  const maybe = (key: string, make: () => unknown): Record<string, unknown> =>
    random.chance(0.3) ? { [key]: make() } : {};
  return {
    id: uuid(random, Date.now()),
    action: name(200).replaceAll(/[\s\p{Cc}]/gu, '') || 'hostile.send',
    actor: {
      type: 'user',
      id: name(512),
      ...maybe('name', () => name(1_000)),
      ...maybe('role', () => name(200)),
    },
    operation: 'execute',
    outcome: 'success',
    level: 'low',
    targets: [{ type: name(200), id: name(500), ...maybe('name', () => name(1_000)) }],
    attributes: {
      [name(60)]: text(),
      [text()]: [text(), null, random.chance(0.5), { [name(30)]: text() }],
      number: random.pick([0, -1, 0.1, 5e-324, 1e15, 9_007_199_254_740_991, -9_007_199_254_740_991, 1.5e-7]),
      ...maybe('deep', () => nestedLists(random.int(28), text())),
      ...maybe('toString', text),
      ...maybe('hasOwnProperty', text),
      ...maybe('', text),
    },
    ...maybe('description', text),
    ...maybe('reason', text),
    ...maybe('tags', () => [name(200)]),
    ...maybe('context', () => ({ [text()]: text() })),
    ...maybe('error', () => ({ code: name(200), message: text() })),
    ...maybe('changes', () => [{ path: name(500), before: text(), after: null }]),
    ...maybe('sessionId', () => name(200)),
    ...maybe('client', () => ({ ip: random.pick(['::1', '10.0.0.1', '2001:db8::ff']), userAgent: text() })),
    ...maybe('request', () => ({ method: 'GET', url: text(), status: 418 })),
  };
}

function nestedLists(depth: number, inner: string): unknown {
  let value: unknown = inner;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

/** JSON of an event with escapes and spaces that are not needed, as other languages write it. */
function spelled(event: Record<string, unknown>, random: Random): string {
  const text = JSON.stringify(event);
  const form = random.int(3);
  if (form === 0)
    return text.replaceAll(/[^ -~]/gu, (letter) =>
      [...Array(letter.length).keys()]
        .map((at) => `\\u${letter.charCodeAt(at).toString(16).padStart(4, '0')}`)
        .join(''),
    );
  return form === 1 ? `  ${text.replaceAll('/', '\\/')}\t ` : text;
}

function malformed(random: Random): HostileInput {
  const base = JSON.stringify(completeEvent(random));
  if (random.chance(0.4)) {
    const cut = 1 + random.int(base.length - 1);
    return { text: base.slice(0, cut).toWellFormed(), becomes: 'malformed' };
  }
  if (random.chance(0.2))
    return { text: base + random.pick(['}', ',', ']', base, ' x', '\u00A0', '//']), becomes: 'malformed' };
  const literal = random.pick(malformedValues);
  return { text: `{"action":"a.b","actor":{"id":"x"},"attributes":{"v":${literal}}}`, becomes: 'malformed' };
}

function refused(random: Random): HostileInput {
  const { text, fields } = random.pick(wrongEvents);
  return { text, becomes: 'refused', fields };
}
