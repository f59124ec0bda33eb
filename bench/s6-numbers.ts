import { largeReference, startLargeSet, timeInServer } from './support/large-set.ts';
import { percentile, type SpeedPromise } from './support/promise.ts';

interface Question {
  path: string;
  /** The same question in SQL. */
  sql: string;
}

const questions: Record<string, Question> = {
  'facets of four fields': {
    path: '/v1/facets?fields=action,outcome,level,module',
    sql: 'select action, outcome, level, module, count(*) from EVENTS group by grouping sets (action, outcome, level, module)',
  },
  'facets under a filter': {
    path: '/v1/facets?fields=action,level,module&outcome=failure',
    sql: "select action, level, module, count(*) from EVENTS where outcome = 'failure' group by grouping sets (action, level, module)",
  },
  'histogram per day by outcome': {
    path: '/v1/histogram?interval=day&by=outcome',
    sql: "select date_trunc('day', at), outcome, count(*) from EVENTS group by 1, 2",
  },
  'histogram under a filter': {
    path: '/v1/histogram?interval=day&module=module-3',
    sql: "select date_trunc('day', at), count(*) from EVENTS where module = 'module-3' group by 1",
  },
  'count, one filter': {
    path: '/v1/events?limit=1&count=true&level=high',
    sql: "select count(*) from EVENTS where level = 'high'",
  },
  'count, two filters': {
    path: '/v1/events?limit=1&count=true&level=high&outcome=failure',
    sql: "select count(*) from EVENTS where level = 'high' and outcome = 'failure'",
  },
};

const rounds = 25;
const referenceRounds = 3;

/** S6: facets, histogram and counts. */
export const numbers: SpeedPromise = {
  id: 'S6',
  title: 'facets, histogram, counts',
  cost: 'the large data set, once',
  async measure(options) {
    const server = await startLargeSet(options);
    const reference = await largeReference(server, options);
    try {
      const notes: string[] = [];
      let slowest = 0;
      let slowestReference = 0;
      for (const [name, { path, sql }] of Object.entries(questions)) {
        const times: number[] = [];
        for (let round = 0; round < rounds; round++) times.push((await timeInServer(server, path)).ms);
        const warm = times.slice(5);
        const inSql: number[] = [];
        for (let round = 0; round < referenceRounds; round++) inSql.push(await reference.time(sql));
        slowest = Math.max(slowest, percentile(warm, 50));
        slowestReference = Math.max(slowestReference, percentile(inSql, 50));
        notes.push(
          `${name}: first ${times[0]?.toFixed(1)} ms, then p50 ${percentile(warm, 50).toFixed(2)}, p95 ${percentile(warm, 95).toFixed(2)}; SQL on a plain table ${percentile(inSql, 50).toFixed(0)}`,
        );
      }
      return {
        value: slowest,
        unit: 'ms',
        reference: slowestReference,
        ratio: slowest / slowestReference,
        goal: '<= 20 ms, 20 M entries (the slowest question, median)',
        holds: slowest <= 20 && options.entries >= 20_000_000,
        notes: [...notes, `${options.entries.toLocaleString('en')} entries`],
      };
    } finally {
      await reference.close();
      await server.dispose();
    }
  },
};
