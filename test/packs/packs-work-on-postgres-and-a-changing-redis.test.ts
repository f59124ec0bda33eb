import { describe } from 'vitest';
import { startOnServers } from '../support/pack-installation.ts';
import { describeRows } from './rows/describe-rows.ts';

describe('on a PostgreSQL server, with a Redis that is full, half empty, flushed, killed and slow in turn', () => {
  describeRows(startOnServers);
});
