import { withoutAudit } from '../context/audit-context.ts';
import type { Settings } from '../settings/settings.ts';
import { createHttpTransport } from './http-transport.ts';
import type { SendReport } from './source-reporter.ts';
import type { Transport } from './transport.ts';

export interface Connection {
  readonly transport: Transport;
  readonly sendReport: SendReport;
  readonly disconnect: () => void;
}

/** The way to the server with one tenant's key; or the host's own, to which nothing is reported. */
export function connect(settings: Settings, key: () => string): Connection {
  const { url, transport } = settings;
  if (url === undefined)
    return {
      transport: transport ?? printedOnly,
      sendReport: () => Promise.resolve('unknown'),
      disconnect: () => undefined,
    };
  const http = createHttpTransport({ ...settings, url, key });
  return {
    transport: http.post,
    sendReport: (...report) => withoutAudit(() => http.report(...report)),
    disconnect: http.close,
  };
}

/** Debug mode without a server: what would be sent was printed. */
const printedOnly: Transport = ({ events }) =>
  Promise.resolve({
    kind: 'judged',
    judgements: events.map((_, index) => ({ state: 'sequenced', index, leafHash: '' })),
  });
