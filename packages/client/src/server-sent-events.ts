/** One event of a stream (HTML standard, server-sent events). */
export interface ServerSentEvent {
  readonly type: string;
  readonly data: string;
  /** The last `id:` seen, also from an earlier event. */
  readonly lastEventId: string | undefined;
  /** The last `retry:` seen, in milliseconds. */
  readonly retryMs: number | undefined;
}

const lineLengthMaxChars = 10_000_000;

/** Reads `text/event-stream` in chunks of any size. RangeError for a line over ten million characters. */
export function createEventStreamParser(): (chunk: string) => ServerSentEvent[] {
  let rest = '';
  let data: string[] = [];
  let type = '';
  let lastEventId: string | undefined;
  let retryMs: number | undefined;

  function readLine(line: string, events: ServerSentEvent[]): void {
    if (line === '') {
      if (data.length > 0)
        events.push({ type: type === '' ? 'message' : type, data: data.join('\n'), lastEventId, retryMs });
      data = [];
      type = '';
      return;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') data.push(value);
    else if (field === 'event') type = value;
    else if (field === 'id' && !value.includes('\0')) lastEventId = value;
    else if (field === 'retry' && /^\d+$/.test(value)) retryMs = Number(value);
  }

  return (chunk) => {
    const events: ServerSentEvent[] = [];
    rest += chunk;
    // A carriage return at the very end may be half of CRLF.
    const lines = rest.split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    if (rest.length > lineLengthMaxChars) throw new RangeError('a line of the event stream is too long');
    for (const line of lines) readLine(line, events);
    return events;
  };
}
