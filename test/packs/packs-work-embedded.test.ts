import { describe } from 'vitest';
import { startEmbedded } from '../support/pack-installation.ts';
import { describeRows } from './rows/describe-rows.ts';

describe('on the embedded PostgreSQL, with the newest entries in the process', () => {
  describeRows(startEmbedded);
});
