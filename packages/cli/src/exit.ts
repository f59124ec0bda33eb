/** Told the exit code of a command that did its work: 0 fine, 1 found something. */
export type Exit = (code: number) => void;
