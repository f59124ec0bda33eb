import type { Database } from '../storage/index.ts';

export interface Health {
  /** Writes a row; to be called every two seconds. */
  beat(): Promise<void>;
  /** What keeps the server from doing its work; empty: ready. */
  problems(): string[];
  /** Adds a lasting problem, such as a rollback. */
  add(problem: string): void;
}

const staleAfterMs = 10_000;

/** Ready means that a row could be written within the last ten seconds, not only that a port is open. */
export function createHealth(options: { database: Database; server: string; clock: () => number }): Health {
  let lastBeat = 0;
  let failure: string | undefined = 'starting';
  const lasting: string[] = [];
  return {
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
        failure = undefined;
      } catch (error) {
        failure = error instanceof Error ? error.message : String(error);
      }
    },
    problems() {
      const silent =
        options.clock() - lastBeat > staleAfterMs ? ['nothing could be written for ten seconds'] : [];
      return [...lasting, ...(failure === undefined ? silent : [`nothing can be written: ${failure}`])];
    },
    add(problem) {
      lasting.push(problem);
    },
  };
}
