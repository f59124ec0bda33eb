import { ClientError } from './client-error.ts';
import type { Transport } from './transport.ts';

/** Whether the server can do its work; `detail` is the server's own report. */
export interface Readiness {
  readonly ready: boolean;
  readonly detail: unknown;
}

export interface HealthApi {
  /** Resolves when the process answers; the time is the server's clock in whole seconds. */
  live(): Promise<{ readonly serverTimeMs: number | undefined }>;
  ready(): Promise<Readiness>;
}

export function createHealthApi(transport: Transport): HealthApi {
  return {
    async live() {
      const response = await transport.send('GET', '/livez');
      await response.text();
      const timeMs = Date.parse(response.headers.get('date') ?? '');
      return { serverTimeMs: Number.isFinite(timeMs) ? timeMs : undefined };
    },
    async ready() {
      try {
        return { ready: true, detail: await transport.json<unknown>('GET', '/readyz') };
      } catch (error) {
        if (error instanceof ClientError && error.status === 503) return { ready: false, detail: error.body };
        throw error;
      }
    },
  };
}
