/** The item at a position. The caller has checked that it exists, so a RangeError here is a fault of this package. */
export function itemAt<T>(items: ArrayLike<T>, position: number): T {
  const item = items[position];
  if (item === undefined) throw new RangeError(`no item ${position} among ${items.length}`);
  return item;
}
