import type { Client } from '../../storage/index.ts';
import { packPages, readPage, type Posting } from './posting-page.ts';
import { ranksOf } from '../../query/index.ts';
import { insertSpan, selectRanks, type SpanRow } from './span-rows.ts';
import type { Ranks } from '../../query/index.ts';
import { mergeWidth } from './span-levels.ts';

/** Replaces 16 adjacent spans by one of the next level, so that a search reads fewer and longer lists. */
export async function mergeSpans(client: Client, ledger: number, rows: readonly SpanRow[]): Promise<void> {
  const [first] = rows;
  if (!first || rows.length !== mergeWidth) throw new Error(`${mergeWidth} spans merge, not ${rows.length}`);
  const parts: Ranks[] = [];
  for (const row of rows)
    parts.push(await selectRanks(client, { ledger, level: row.level, number: row.number }));
  const merged = mergeRanks(
    parts,
    rows.map((row) => row.firstIndex - first.firstIndex),
  );
  const streams: Iterator<Posting>[] = [];
  for (const [part, row] of rows.entries())
    streams.push(await postingsOf(client, { ledger, row, rankOf: merged.rankOf[part] }));
  const pages = await packPages(mergeStreams(streams), merged.ranks.ats.length);
  const number = first.number / mergeWidth;
  await insertSpan(client, {
    ledger,
    level: first.level + 1,
    number,
    firstIndex: first.firstIndex,
    ranks: merged.ranks,
    pages,
  });
  const numbers = rows.map((row) => row.number);
  await client.query('delete from posting where ledger = $1 and level = $2 and number = any($3)', [
    ledger,
    first.level,
    numbers,
  ]);
  await client.query('delete from span where ledger = $1 and level = $2 and number = any($3)', [
    ledger,
    first.level,
    numbers,
  ]);
}

function mergeRanks(
  parts: readonly Ranks[],
  firsts: readonly number[],
): { ranks: Ranks; rankOf: Uint32Array[] } {
  const total = parts.reduce((sum, part) => sum + part.ats.length, 0);
  const ats = new Float64Array(total);
  const offsets = new Uint32Array(total);
  const rankOf = parts.map((part) => new Uint32Array(part.ats.length));
  const next = parts.map(() => 0);
  for (let rank = 0; rank < total; rank++) {
    let best = -1;
    // Parts are in order of index, so the first of equal times is the one with the least index.
    for (let part = 0; part < parts.length; part++) {
      const at = parts[part]?.ats[next[part] ?? 0];
      if (at !== undefined && (best < 0 || at < (parts[best]?.ats[next[best] ?? 0] ?? 0))) best = part;
    }
    const position = next[best] ?? 0;
    ats[rank] = parts[best]?.ats[position] ?? 0;
    offsets[rank] = (parts[best]?.offsets[position] ?? 0) + (firsts[best] ?? 0);
    const target = rankOf[best];
    if (target) target[position] = rank;
    next[best] = position + 1;
  }
  return { ranks: { ats, offsets }, rankOf };
}

async function postingsOf(
  client: Client,
  options: { ledger: number; row: SpanRow; rankOf: Uint32Array | undefined },
): Promise<Iterator<Posting>> {
  const { row, rankOf } = options;
  const pages = await client.query<{ page: Buffer }>({
    name: 'span-pages',
    text: 'select page from posting where ledger = $1 and level = $2 and number = $3 order by first_key',
    values: [options.ledger, row.level, row.number],
  });
  return (function* (): Generator<Posting> {
    for (const { page } of pages.rows) {
      for (const { key, set } of readPage(page, row.count)) {
        yield {
          key,
          ranks: ranksOf(set())
            .map((rank) => rankOf?.[rank] ?? 0)
            .sort(),
        };
      }
    }
  })();
}

/** The postings of all streams in order of key; postings of the same key become one. */
function* mergeStreams(streams: readonly Iterator<Posting>[]): Generator<Posting> {
  const heads = streams.map((stream) => nextOf(stream));
  for (;;) {
    let least: Buffer | undefined;
    for (const head of heads) if (head && (!least || head.key.compare(least) < 0)) least = head.key;
    if (!least) return;
    const lists: Uint32Array[] = [];
    for (const [stream, head] of heads.entries()) {
      if (!head?.key.equals(least)) continue;
      lists.push(head.ranks);
      const from = streams[stream];
      heads[stream] = from && nextOf(from);
    }
    yield { key: least, ranks: lists.length === 1 && lists[0] ? lists[0] : concatSorted(lists) };
  }
}

function nextOf(stream: Iterator<Posting>): Posting | undefined {
  const next = stream.next();
  return next.done ? undefined : next.value;
}

function concatSorted(lists: readonly Uint32Array[]): Uint32Array {
  const all = new Uint32Array(lists.reduce((sum, list) => sum + list.length, 0));
  let at = 0;
  for (const list of lists) {
    all.set(list, at);
    at += list.length;
  }
  return all.sort();
}
