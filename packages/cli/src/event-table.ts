import type { Entry } from '@bitacora/client';
import { stripVTControlCharacters } from 'node:util';

const widths = { at: 23, actor: 24, action: 28, target: 32 };

/** The heading of {@link tableLine}. */
export const tableHeading = [
  'AT'.padEnd(widths.at),
  'ACTOR'.padEnd(widths.actor),
  'ACTION'.padEnd(widths.action),
  'TARGET'.padEnd(widths.target),
  'OUTCOME',
].join('  ');

/** One entry as one line; `at` is the earlier of both clocks. Longer texts are cut, never wrapped. */
export function tableLine({ event, ingestedAt, altered }: Entry): string {
  const at = event.occurredAt !== undefined && event.occurredAt < ingestedAt ? event.occurredAt : ingestedAt;
  const target = event.targets?.[0];
  return [
    at.replace('T', ' ').replace('Z', '').padEnd(widths.at),
    cell(event.actor.name ?? event.actor.id, widths.actor),
    cell(event.action, widths.action),
    cell(target === undefined ? '' : `${target.type}/${target.name ?? target.id}`, widths.target),
    `${event.outcome ?? ''}${altered !== undefined ? '  ALTERED' : ''}`,
  ].join('  ');
}

/** Removes control characters: a text that a host wrote must not move the cursor or colour the terminal. */
function cell(text: string, width: number): string {
  const plain = stripVTControlCharacters(text).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '·');
  return (plain.length > width ? `${plain.slice(0, width - 1)}…` : plain).padEnd(width);
}
