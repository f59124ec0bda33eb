import type { Transport } from './transport.ts';

/** The result of a rebuild for each ledger: how many entries were followed, and how long that took. */
export interface Rebuilt {
  readonly projection: 'rollups' | 'sessions';
  readonly ledgers: readonly {
    readonly ledger: string;
    readonly entries: number;
    readonly durationMs: number;
  }[];
}

export interface ProjectionsApi {
  /** Rebuilds counts or sessions from the entries of one ledger, or of all ledgers that the key reaches. */
  rebuild(projection: Rebuilt['projection'], options?: { readonly ledger?: string }): Promise<Rebuilt>;
}

export function createProjectionsApi(transport: Transport): ProjectionsApi {
  return {
    rebuild: (projection, options = {}) =>
      transport.json('POST', '/v1/projections/rebuild', {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ projection, ...options }),
      }),
  };
}
