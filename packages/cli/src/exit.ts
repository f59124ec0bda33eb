/** Takes the exit code of a command that did its work: 0 when all is fine, 1 when it found a problem. */
export type Exit = (code: number) => void;
