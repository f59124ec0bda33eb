import { z } from 'zod';
import { ledgerFor, requireWhole } from '../access/index.ts';
import { checkLedger, checkValues } from '../checks/index.ts';
import { defineRoute, jsonAnswer, queryShapes, type Route } from '../http/index.ts';
import type { ReadContext } from '../read/index.ts';

const ledgerParams = z.object({ ledger: z.string() });
const rangeMax = 1_000;
const faultyEntries = z.array(z.object({ index: z.int(), groups: z.array(z.string()) }));
const valuesView = z.object({ entries: z.int(), altered: faultyEntries, missing: faultyEntries });
const reportView = z.object({
  first: z.int(),
  end: z.int(),
  differences: z.array(
    z.object({
      kind: z.enum(['entries', 'ids', 'values', 'postings', 'counts']),
      index: z.int().optional(),
      text: z.string(),
    }),
  ),
});

/** Routes that compare what lies beside the signed entries with them. No answer holds a value. */
export function checkRoutes(context: ReadContext): Route[] {
  return [valuesRoute(context), checkRoute(context)];
}

function valuesRoute(context: ReadContext): Route {
  return defineRoute({
    method: 'GET',
    path: '/v1/tlog/{ledger}/values',
    summary: `Compare the stored personal values of at most ${rangeMax} entries with the commitments in the entries`,
    permission: 'read',
    params: ledgerParams,
    query: z.object({
      first: z
        .string()
        .regex(/^\d{1,15}$/, 'must be an index')
        .transform(Number)
        .optional(),
      limit: queryShapes.wholeNumber(rangeMax).optional(),
    }),
    answer: jsonAnswer(valuesView),
    async handle({ grant, params, query }) {
      requireWhole(grant);
      const ledger = ledgerFor(grant, params.ledger);
      const { first = 0, limit = rangeMax } = query;
      const { database, ledgers } = context;
      const scope = { tenant: ledger.tenant, ledgers: [ledger.id] };
      return database.read(scope, (client) =>
        checkValues(client, ledger, { first, end: first + limit, ledgers }),
      );
    },
  });
}

function checkRoute(context: ReadContext): Route {
  return defineRoute({
    method: 'POST',
    path: '/v1/tlog/{ledger}/check',
    summary:
      'Compare a random part of a ledger with the tree, the table of ids, values, posting lists and counts',
    permission: 'read',
    params: ledgerParams,
    answer: jsonAnswer(reportView),
    async handle({ grant, params }) {
      requireWhole(grant);
      return checkLedger(ledgerFor(grant, params.ledger), context);
    },
  });
}
