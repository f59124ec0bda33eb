import { z } from 'zod';
import { rebuildRoutes, type RebuildOptions } from './rebuild-routes.ts';
import { requireAllLedgers, type Grant, type Ledger } from '../access/index.ts';
import type { SegmentPart } from '../ledger/index.ts';
import { defineRoute, jsonAnswer, type Route } from '../http/index.ts';

const runInput = z.strictObject({ dryRun: z.boolean().optional() });
const runView = z.object({
  dryRun: z.boolean(),
  entries: z.int(),
  segments: z.array(
    z.object({
      segment: z.int(),
      ledgers: z.array(
        z.object({
          ledger: z.string(),
          retentionDays: z.int(),
          entries: z.int(),
          firstIndex: z.int(),
          lastIndex: z.int(),
          from: z.string(),
          to: z.string(),
        }),
      ),
    }),
  ),
});

export interface Retention {
  /**
   * Removes the segments that are due, one after the other, and returns them as they were; with `dryRun` it only returns
   * them. Each tenant's audit ledger gets an event about the removal. @throws unavailable; the other segments stay whole
   */
  run(grant: Pick<Grant, 'caller' | 'tenant'>, options: { dryRun: boolean }): Promise<PurgedSegment[]>;
}

export interface PurgedSegment {
  number: number;
  retentionClass: number;
  parts: (Omit<SegmentPart, 'ledger'> & { ledger: Ledger })[];
}

/**
 * The route that removes entries older than the period of their ledger, and the routes that rebuild the counts it relies on.
 * A segment may hold ledgers of several tenants, so only operators may remove it.
 */
export function retentionRoutes({
  retention,
  ...options
}: RebuildOptions & { retention: Retention }): Route[] {
  return [runRoute(retention), ...rebuildRoutes(options)];
}

function runRoute(retention: Retention): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/retention/run',
    summary: 'Remove the segments whose entries are all older than the periods of their ledgers',
    permission: 'operator',
    body: runInput,
    answer: jsonAnswer(runView),
    async handle({ grant, body: { dryRun = false } }) {
      requireAllLedgers(grant);
      const segments = (await retention.run(grant, { dryRun })).map(shownSegment);
      const entries = segments
        .flatMap(({ ledgers }) => ledgers)
        .reduce((sum, ledger) => sum + ledger.entries, 0);
      return { dryRun, entries, segments };
    },
  });
}

function shownSegment({ number, parts }: PurgedSegment): z.infer<typeof runView>['segments'][number] {
  return {
    segment: number,
    ledgers: parts.map(({ ledger, firstIndex, endIndex, leastAt, greatestAt }) => ({
      ledger: ledger.name,
      retentionDays: ledger.retentionDays ?? 0,
      entries: endIndex - firstIndex,
      firstIndex,
      lastIndex: endIndex - 1,
      from: new Date(leastAt).toISOString(),
      to: new Date(greatestAt).toISOString(),
    })),
  };
}
