import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { hasCode } from '../host/has-code.ts';

export interface HttpRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly body: Buffer;
}

const answerBytesMax = 33_554_432;
const socketsMax = 2;

/** Sends requests over connections that stay open but never keep the process alive; the sockets of `fetch` would. */
export function createHttpClient(timeoutMs: number): {
  /** Rejects when the whole request, from the look-up of the name to the end of the answer, takes longer than `timeoutMs`. */
  request(url: string, request: HttpRequest): Promise<HttpAnswer>;
  close(): void;
} {
  const options = { keepAlive: true, maxSockets: socketsMax };
  const agents = { http: new HttpAgent(options), https: new HttpsAgent(options) };

  function send(url: string, request: HttpRequest, deadline: number): Promise<HttpAnswer> {
    const secure = url.startsWith('https:');
    return new Promise<HttpAnswer>((resolve, reject) => {
      const { method, headers, body, signal } = request;
      const sent = (secure ? httpsRequest : httpRequest)(url, {
        method,
        signal,
        agent: secure ? agents.https : agents.http,
        headers: { ...headers, 'content-length': body.length },
      });
      const timer = setTimeout(
        () => sent.destroy(new Error(`no answer within ${timeoutMs} ms`)),
        Math.max(0, deadline - performance.now()),
      );
      timer.unref();
      const fail = (error: Error): void => {
        clearTimeout(timer);
        // The server closed the open connection at the moment of its next use, so it has received nothing.
        if (sent.reusedSocket && hasCode(error, 'ECONNRESET') && !signal.aborted)
          resolve(send(url, request, deadline));
        else reject(error);
      };
      sent.on('socket', (socket) => socket.unref());
      sent.on('error', fail);
      sent.on('response', (response) => {
        readBody(response).then(
          (answer) => {
            clearTimeout(timer);
            const retryAfter = response.headers['retry-after'];
            resolve({ status: response.statusCode ?? 0, retryAfter, body: answer });
          },
          (error: Error) => {
            clearTimeout(timer);
            sent.destroy();
            reject(error);
          },
        );
      });
      sent.end(body);
    });
  }

  return {
    request: (url, request) => send(url, request, performance.now() + timeoutMs),
    close() {
      agents.http.destroy();
      agents.https.destroy();
    },
  };
}

async function readBody(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response) {
    if (!Buffer.isBuffer(chunk)) continue;
    bytes += chunk.length;
    if (bytes > answerBytesMax) throw new Error(`the answer is larger than ${answerBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
