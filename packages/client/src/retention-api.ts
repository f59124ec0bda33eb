import type { Transport } from './transport.ts';

/**
 * The segments that retention removed, or would remove with `dryRun`: entries `firstIndex` to `lastIndex`, from time
 * `from` to `to`.
 */
export interface RetentionRun {
  readonly dryRun: boolean;
  readonly entries: number;
  readonly segments: readonly {
    readonly segment: number;
    readonly ledgers: readonly {
      readonly ledger: string;
      readonly retentionDays: number;
      readonly entries: number;
      readonly firstIndex: number;
      readonly lastIndex: number;
      readonly from: string;
      readonly to: string;
    }[];
  }[];
}

export interface RetentionApi {
  run(options?: { readonly dryRun?: boolean }): Promise<RetentionRun>;
}

export function createRetentionApi(transport: Transport): RetentionApi {
  return {
    run: (options = {}) =>
      transport.json('POST', '/v1/retention/run', {
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(options),
      }),
  };
}
