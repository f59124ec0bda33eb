import type { Logger } from 'pino';
import type { Database } from '../storage/index.ts';

export interface Health {
  /** Writes a row. The caller calls it every two seconds. */
  beat(): Promise<void>;
  /** The problems that keep the server from doing its work; empty when it is ready. */
  problems(): string[];
  /** Names of the work that is failing at present. They inform the operator and do not make the server unready. */
  failing: Set<string>;
  /** Adds a lasting problem, such as a rollback. */
  add(problem: string): void;
}

const staleAfterMs = 10_000;

/** Ready means that a row could be written within the last ten seconds, not only that a port is open. */
export function createHealth(options: {
  database: Database;
  server: string;
  clock: () => number;
  logger: Logger;
}): Health {
  let lastBeat = 0;
  /** True until the first row was written. */
  let failed = true;
  const lasting: string[] = [];
  const failing = new Set<string>();
  return {
    failing,
    async beat() {
      try {
        await options.database.plain((client) =>
          client.query({
            name: 'heartbeat',
            text: 'insert into heartbeat (server, at) values ($1, now()) on conflict (server) do update set at = excluded.at',
            values: [options.server],
          }),
        );
        lastBeat = options.clock();
        failed = false;
      } catch (error) {
        failed = true;
        options.logger.error({ err: error }, 'nothing can be written');
      }
    },
    problems() {
      const silent =
        options.clock() - lastBeat > staleAfterMs ? ['nothing could be written for ten seconds'] : [];
      return [...lasting, ...(!failed ? silent : ['nothing can be written'])];
    },
    add(problem) {
      lasting.push(problem);
    },
  };
}
