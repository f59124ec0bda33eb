/** The item at a position that the caller has established to exist; a RangeError otherwise is our fault. */
export function itemAt<T>(items: ArrayLike<T>, position: number): T {
  const item = items[position];
  if (item === undefined) throw new RangeError(`no item ${position} among ${items.length}`);
  return item;
}
