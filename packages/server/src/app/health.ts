import type { Logger } from 'pino';
import type { Database } from '../storage/index.ts';
import { lookAtVolumes, type VolumeState } from './volumes.ts';

/** What keeps the server from doing its work. */
export interface Problem {
  /** For everybody who asks: no name, size or root. */
  readonly shown: string;
  /** For operators. */
  readonly detail: string;
}

export interface Health {
  /** Writes a row, and looks how full the volumes are. The caller calls it every two seconds. */
  beat(): Promise<void>;
  /** The problems that keep the server from doing its work; empty when it is ready. */
  problems(): Problem[];
  /** What an operator should look at while the server still works. */
  alarms(): string[];
  /** Names of the work that is failing at present. They inform the operator and do not make the server unready. */
  failing: Set<string>;
  /** Adds a lasting problem, such as a rollback. */
  add(problem: Problem): void;
}

const staleAfterMs = 10_000;
const nothingWritten = 'nothing can be written';

/** Ready means that a row could be written within the last ten seconds, not only that a port is open. */
export function createHealth(options: {
  database: Database;
  server: string;
  /** Folders on whose volumes events, write-ahead log and checkpoints are. */
  folders: readonly string[];
  clock: () => number;
  logger: Logger;
}): Health {
  const { logger } = options;
  let lastBeat = 0;
  /** True until the first row was written. */
  let failed = true;
  let volumes: VolumeState = { alarms: [], full: [] };
  const lasting: Problem[] = [];
  const failing = new Set<string>();
  const look = async (): Promise<void> => {
    const found = await lookAtVolumes(options.folders);
    // One line when it begins and one when it is over.
    if (found.alarms.length > volumes.alarms.length) for (const alarm of found.alarms) logger.error(alarm);
    if (found.alarms.length < volumes.alarms.length) logger.warn('a volume has room again');
    volumes = found;
  };
  return {
    failing,
    async beat() {
      await look();
      try {
        await writeBeat(options);
        lastBeat = options.clock();
        failed = false;
      } catch (error) {
        failed = true;
        logger.error({ err: error }, nothingWritten);
      }
    },
    problems() {
      const silent = options.clock() - lastBeat > staleAfterMs;
      const texts = failed ? [nothingWritten] : silent ? ['nothing could be written for ten seconds'] : [];
      return [
        ...lasting,
        ...texts.map((text) => ({ shown: text, detail: text })),
        ...volumes.full.map((detail) => ({ shown: 'a volume is full', detail })),
      ];
    },
    alarms: () => [...volumes.alarms, ...[...failing].map((name) => `${name} fails and is tried again`)],
    add(problem) {
      lasting.push(problem);
    },
  };
}

async function writeBeat({ database, server }: { database: Database; server: string }): Promise<void> {
  await database.plain((client) =>
    client.query({
      name: 'heartbeat',
      text: 'insert into heartbeat (server, at) values ($1, now()) on conflict (server) do update set at = excluded.at',
      values: [server],
    }),
  );
}
