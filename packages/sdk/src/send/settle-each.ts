import type { Judgement } from './transport.ts';

/** Calls `settle` for each element of a batch that the server judged. */
export function settleEach<Element>(
  batch: readonly Element[],
  judgements: readonly Judgement[],
  settle: (element: Element, judgement: Judgement) => void,
): void {
  batch.forEach((element, i) => {
    const judgement = judgements[i];
    if (judgement !== undefined) settle(element, judgement);
  });
}
