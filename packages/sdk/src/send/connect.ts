import { withoutAudit } from '../context/audit-context.ts';
import { createHttpTransport, type HttpTransportOptions } from './http-transport.ts';
import type { SendReport } from './source-reporter.ts';
import type { Transport } from './transport.ts';

export interface ConnectionOptions extends Omit<HttpTransportOptions, 'url'> {
  /** Undefined: nothing is sent over HTTP. */
  readonly url: string | undefined;
  /** The host's own transport, used without a `url`. */
  readonly transport: Transport | undefined;
}

export interface Connection {
  readonly transport: Transport;
  readonly sendReport: SendReport;
  readonly disconnect: () => void;
}

/** Connects to the server with one tenant's key; or to the host's own transport, to which nothing is reported. */
export function connect(options: ConnectionOptions): Connection {
  const { url, transport } = options;
  if (url === undefined)
    return {
      transport: transport ?? takeUnsent,
      sendReport: () => Promise.resolve('unknown'),
      disconnect: () => undefined,
    };
  const http = createHttpTransport({ ...options, url });
  return {
    transport: http.post,
    sendReport: (instance, report, signal) => withoutAudit(() => http.report(instance, report, signal)),
    disconnect: http.close,
  };
}

/** In debug mode without a server each event was printed already, so this answers like a ledger that accepts it. */
const takeUnsent: Transport = ({ events }) =>
  Promise.resolve({
    kind: 'judged',
    judgements: events.map((_, index) => ({ state: 'sequenced', index, leafHash: '' })),
  });
