import { afterAll, beforeAll, beforeEach, describe } from 'vitest';
import type { PackInstallation } from '../../support/pack-installation.ts';
import { activityRows } from './activity-rows.test.ts';
import { changeRows } from './change-rows.test.ts';
import { demoRows } from './demo-rows.test.ts';
import { entryRows } from './entry-rows.test.ts';
import { hostRows } from './host-rows.test.ts';
import { importRows } from './import-rows.test.ts';
import { pageRows } from './page-rows.test.ts';
import { reachRows } from './reach-rows.test.ts';
import { roleRows } from './role-rows.test.ts';
import { sessionRows } from './session-rows.test.ts';
import { statisticsRows } from './statistics-rows.test.ts';

/** The last suite restarts the server; the first two use the shared tenant. */
const suites = {
  demo: demoRows,
  'an application with the SDK': hostRows,
  entries: entryRows,
  roles: roleRows,
  statistics: statisticsRows,
  activity: activityRows,
  reach: reachRows,
  pages: pageRows,
  imports: importRows,
  changes: changeRows,
  sessions: sessionRows,
};

/** Each state of the recent store lasts for this number of tests, because the server needs two seconds to use the store again. */
const testsPerChange = 5;

/** The rows of the packs on one installation; to be called within a `describe`. */
export function describeRows(start: () => Promise<PackInstallation>): void {
  let installation: PackInstallation;
  let tests = 0;
  beforeAll(async () => {
    installation = await start();
  });
  afterAll(() => installation?.dispose());
  beforeEach(async () => {
    if (++tests % testsPerChange === 0) await installation.change();
  });
  describe.each(Object.entries(suites))('%s', (_, rows) => {
    rows(() => installation);
  });
}
