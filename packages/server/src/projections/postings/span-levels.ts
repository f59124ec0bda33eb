/** Entries of a level-0 span; 16 spans of a level make a span of the next level. */
export const spanEntries = 2 ** 14;
export const mergeWidth = 16;
export const spanLevelMax = 1;
