/** The longest time that `setTimeout` and `setInterval` take; a longer one, such as Infinity, counts as no time at all. */
export const timerMaxMs = 2 ** 31 - 1;
