import type { Transport } from './transport.ts';

/** What was made anew, per ledger: how far it was followed, in entries, and how long that took. */
export interface Rebuilt {
  readonly projection: 'rollups' | 'sessions';
  readonly ledgers: readonly {
    readonly ledger: string;
    readonly entries: number;
    readonly durationMs: number;
  }[];
}

export interface ProjectionsApi {
  /** Makes counts or sessions anew from the entries of a ledger, or of all that the key reaches. */
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
