import { randomBytes, randomInt } from 'node:crypto';

export interface MadeEvent {
  id: string;
  action: string;
  actor: { id: string; name: string };
  occurredAt: string;
  targets: { type: string; id: string }[];
  description: string;
}

/** Events with ids, as a client makes them. With `agoMs` their ids and times lie in the past. */
export function makeEvents(count: number, options: { agoMs?: number; letters?: number } = {}): MadeEvent[] {
  const { agoMs = 0, letters = 20 } = options;
  return Array.from({ length: count }, (_, position) => {
    const at = Date.now() - agoMs + position;
    const person = randomInt(20);
    return {
      id: uuidV7(at),
      action: 'invoice.update',
      actor: { id: `u${person}`, name: `Person ${person}` },
      occurredAt: new Date(Math.min(at, Date.now())).toISOString(),
      targets: [{ type: 'invoice', id: String(randomInt(100)) }],
      description: randomBytes(Math.ceil(letters / 2)).toString('hex'),
    };
  });
}

function uuidV7(at: number): string {
  const hex = at.toString(16).padStart(12, '0') + randomBytes(10).toString('hex');
  const variant = ((Number.parseInt(hex.charAt(16), 16) & 3) | 8).toString(16);
  const text = `${hex.slice(0, 12)}7${hex.slice(13, 16)}${variant}${hex.slice(17)}`;
  return text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
