import { type Events, vocabularySize, wordsPerEvent } from './events.ts';
import { mix } from './seeded.ts';

const hexByte = Array.from({ length: 256 }, (_, i) => i.toString(16).padStart(2, '0'));
const syllables = 'ka lo mi ren tas vo pel dur sin ga bor te lun fi mar ze ost cu nal pri'.split(' ');
const modules =
  'billing booking closing customers documents finance identity payroll reports residents sales travel'.split(
    ' ',
  );
const nouns = 'invoice booking entry client document payment user payslip report unit order trip'.split(' ');
const verbs = ['create', 'read', 'update', 'delete', 'approve'];
const outcomes = ['success', 'failure', 'warning', 'skipped', 'pending'];
const levels = ['low', 'medium', 'high', 'critical'];
const operations = ['create', 'read', 'update', 'delete', 'execute'];
const agents = [
  'Chrome/141.0.0.0 Safari/537.36',
  'Firefox/143.0',
  'Version/26.1 Safari/605.1.15',
  'Edg/141.0.0.0',
];

/** The texts of an event's values. Each function depends only on the ids in the columns. */
export const texts = {
  actor: (id: number): string => `u-${(10_000 + id).toString(36)}`,
  action: (id: number): string => `${nouns[id % 12] ?? ''}.${verbs[Math.floor(id / 12)] ?? ''}`,
  outcome: (id: number): string => outcomes[id] ?? '',
  level: (id: number): string => levels[id] ?? '',
  module: (id: number): string => modules[id] ?? '',
  operation: (id: number): string => operations[id] ?? '',
  target: (id: number): string => `${nouns[id % 12] ?? ''}/${100_000 + id}`,
  subject: (id: number): string => `c-${id}`,
  correlation: (id: number): string => uuid(id, 17),
  session: (id: number): string => `s-${hex32(mix(id, 3))}${hex32(mix(id, 4))}`,
};

/** Returns the description of event `index` in words. */
export function descriptionOf(events: Events, index: number): string {
  let text = '';
  for (let w = 0; w < wordsPerEvent; w++) {
    text += (w === 0 ? '' : ' ') + wordText(events.words[index * wordsPerEvent + w] ?? 0);
  }
  return text;
}

/** Returns the word with this id: two to four syllables, and digits when the word occurs once. */
export function wordText(id: number): string {
  if (id >= vocabularySize) return `ref${id.toString(36)}`;
  let text = '';
  for (let rest = id + 20; rest > 0; rest = Math.floor(rest / 20)) text += syllables[rest % 20] ?? '';
  return text;
}

/** Returns the UUIDv7 of event `index`. */
export function idOf(events: Events, index: number): string {
  const ms = events.ingestedAt[index] ?? 0;
  const high = Math.floor(ms / 65_536);
  const r = mix(index, 1);
  const s = mix(index, 2);
  return `${hex32(high)}-${hex16(ms % 65_536)}-7${hex16(r >>> 16).slice(1)}-8${hex16(r & 0xffff).slice(1)}-${hex32(s)}${hex16(mix(index, 5) & 0xffff)}`;
}

/** Returns about 200 bytes of non-personal attributes as canonical JSON. */
export function attributesOf(events: Events, index: number): string {
  const r = mix(index, 6);
  const t = events.target[index] ?? 0;
  return (
    `{"amount":"${r % 100_000}.${10 + (r % 90)}","channel":"${r % 3 === 0 ? 'api' : 'web'}","costCentre":"CC-${100 + (t % 40)}",` +
    `"currency":"EUR","orderNumber":"SO-${1_000_000 + (r % 900_000)}","priority":"${1 + (r % 4)} - ${levels[r % 4] ?? ''}",` +
    `"queue":"team-${t % 25}","region":"emea","step":${r % 9},"version":${r % 30}}`
  );
}

/** Returns the personal values of event `index` in two groups: who and where from (stable per actor), and free text. */
export function personalOf(events: Events, index: number): { person: string; freeText: string } {
  const actor = events.actor[index] ?? 0;
  const name = `${wordText(actor * 3 + 400)} ${wordText(actor * 7 + 9_000)}`;
  const r = mix(index, 7);
  const changes =
    r % 10 < 3
      ? `,"changes":[{"after":"${wordText(r % 30_000)} ${r % 1_000}","before":"${wordText((r >>> 8) % 30_000)} ${r % 777}","path":"/lines/${r % 12}/note"},{"after":${r % 500},"before":${r % 400},"path":"/total"}]`
      : '';
  return {
    person: `{"ip":"${addressOf(actor)}","name":"${name}","userAgent":"Mozilla/5.0 ${agents[actor % 4] ?? ''}"}`,
    freeText: `{"description":"${descriptionOf(events, index)}"${changes},"targetName":"${wordText((events.target[index] ?? 0) % 30_000)} ${(events.target[index] ?? 0) % 1_000}"}`,
  };
}

/** Returns the client address of an actor. */
export function addressOf(actor: number): string {
  return `10.${actor & 255}.${(actor >> 8) & 255}.${(actor * 7) & 255}`;
}

/** Returns the entry bytes of event `index` as text: RFC 8785 member order, three commitments in place of personal groups. */
export function entryOf(events: Events, index: number): string {
  const at = (column: Int32Array): number => column[index] ?? 0;
  return (
    `{"action":"${texts.action(at(events.action))}","actor":{"id":"${texts.actor(at(events.actor))}","type":"user"},"attributes":${attributesOf(events, index)},` +
    `"commitments":["${commitment(index, 11)}","${commitment(index, 12)}","${commitment(index, 13)}"],"correlationId":"${texts.correlation(at(events.correlation))}",` +
    `"id":"${idOf(events, index)}","ingestedAt":"${isoTime(events.ingestedAt[index] ?? 0)}","ledger":"main","level":"${texts.level(at(events.level))}","module":"${texts.module(at(events.module))}",` +
    `"occurredAt":"${isoTime(events.at[index] ?? 0)}","operation":"${texts.operation(at(events.operation))}","outcome":"${texts.outcome(at(events.outcome))}","sessionId":"${texts.session(at(events.session))}",` +
    `"subject":{"id":"${texts.subject(at(events.subject))}"},"target":{"id":"${100_000 + at(events.target)}","type":"${nouns[at(events.target) % 12] ?? ''}"},"v":1}`
  );
}

let isoMinute = -1;
let isoPrefix = '';
/** Returns the ISO 8601 text of a time in milliseconds. The text of the minute is kept for the next call, which is often in the same minute. */
export function isoTime(ms: number): string {
  const minute = Math.floor(ms / 60_000);
  if (minute !== isoMinute) {
    isoMinute = minute;
    isoPrefix = new Date(minute * 60_000).toISOString().slice(0, 17);
  }
  const rest = ms - minute * 60_000;
  return `${isoPrefix}${(rest / 1000 + 100).toFixed(3).slice(1)}Z`;
}

/** Returns 32 random-looking bytes in base64url (43 characters), like a commitment of an entry. */
function commitment(index: number, salt: number): string {
  return noise(index, salt, 32).toString('base64url');
}

/** Returns `length` random-looking bytes, like ciphertext and hashes. */
export function noise(index: number, salt: number, length: number): Buffer {
  const bytes = Buffer.allocUnsafe((length + 3) & ~3);
  let state = mix(index, salt);
  for (let i = 0; i < length; i += 4) {
    state = (Math.imul(state ^ (state >>> 13), 0x5bd1e995) + i + 0x27d4eb2f) >>> 0;
    bytes.writeUInt32LE((state ^ (state >>> 15)) >>> 0, i);
  }
  return bytes.subarray(0, length);
}

function uuid(value: number, salt: number): string {
  const b = mix(value, salt + 1);
  const c = mix(value, salt + 2);
  return `${hex32(mix(value, salt))}-${hex16(b >>> 16)}-4${hex16(b & 0xffff).slice(1)}-a${hex16(c & 0xffff).slice(1)}-${hex32(mix(value, salt + 3))}${hex16(c >>> 16)}`;
}

function hex32(value: number): string {
  return hex16(value >>> 16) + hex16(value & 0xffff);
}

function hex16(value: number): string {
  return (hexByte[value >>> 8] ?? '') + (hexByte[value & 255] ?? '');
}
