import { AuditError } from '../audit-error.ts';

/** The numbers that an instance of the SDK gave to the events of one request, as ascending ranges `[from, to]`. */
export interface Sequences {
  readonly instance: string;
  readonly ranges: readonly (readonly [from: number, to: number])[];
}

const headerName = 'bitacora-sequences';
const headerCharsMax = 8_192;
const instancePattern = /^[A-Za-z0-9_-]{16,64}$/;
const sequenceMax = 2 ** 53 - 1;

/** Whether a text has the form of an instance's name: 16 to 64 letters of base64url, which the SDK draws at random. */
export function isInstance(text: string): boolean {
  return instancePattern.test(text);
}

/**
 * Reads `bitacora-sequences: <instance> 1-500,502`, one number per event of the body.
 * @throws invalid_parameter when it is malformed or names another count of events
 */
export function readSequences(header: string | string[] | undefined, events: number): Sequences | undefined {
  if (header === undefined) return undefined;
  const [, instance = '', list = ''] = /^(\S+) (\S+)$/.exec(String(header)) ?? [];
  if (String(header).length > headerCharsMax || !isInstance(instance)) throw refused('<instance> 1-500,502');
  const ranges = readRanges(list);
  const count = ranges.reduce((sum, [from, to]) => sum + to - from + 1, 0);
  if (count !== events) throw refused(`names ${count} events, the body holds ${events}`);
  return { instance, ranges };
}

/** `1-500,502`: ascending, without overlaps; '' is none. @throws invalid_parameter */
export function readRanges(list: string, parameter = headerName): [number, number][] {
  if (list === '') return [];
  let last = 0;
  return list.split(',').map((part) => {
    const [, first = '', end = first] = /^(\d{1,16})(?:-(\d{1,16}))?$/.exec(part) ?? [];
    const from = Number(first);
    const to = Number(end);
    if (first === '' || from <= last || to < from || to > sequenceMax)
      throw refused('ascending ranges from 1, such as 1-500,502', parameter);
    last = to;
    return [from, to];
  });
}

function refused(detail: string, parameter = headerName): AuditError {
  return new AuditError('invalid_parameter', { parameter, detail });
}
