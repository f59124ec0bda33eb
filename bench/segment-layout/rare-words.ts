import { type Events, vocabularySize, wordsPerEvent } from './events.ts';
import { wordText } from './texts.ts';

/** Returns about 40 words that occur once, spread over the events. */
export function rareWords(events: Events): { id: number; index: number; text: string }[] {
  const found: { id: number; index: number; text: string }[] = [];
  for (
    let index = 0;
    index < events.count && found.length < 40;
    index += 1 + Math.floor(events.count / 4_000)
  ) {
    for (let i = index; i < events.count; i++) {
      const id = events.words[i * wordsPerEvent] ?? 0;
      if (id < vocabularySize) continue;
      found.push({ id, index: i, text: wordText(id) });
      index = i + Math.floor(events.count / 45);
      break;
    }
  }
  return found;
}
