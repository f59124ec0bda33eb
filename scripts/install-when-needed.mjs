import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../', import.meta.url));
const oldestNode = [20, 19];

/** Runs `npm ci` unless node_modules holds what package-lock.json asks for. Ends the process when it cannot. */
export function installWhenNeeded() {
  refuseOldNode();
  const missing = firstDifference();
  if (missing === undefined) return;
  console.log(`Installing dependencies (${missing}) …`);
  const began = Date.now();
  // npm would warn that the tools need a newer Node.js than the machine's, but they run on the pinned Node.js.
  const { status, error } = runNpm(['ci', '--no-audit', '--no-fund', '--loglevel=error']);
  if (error)
    stop(`npm could not be started (${error.message}). Bitácora needs npm, which comes with Node.js.`);
  if (status !== 0) stop('`npm ci` failed; its own message is above. It needs access to the npm registry.');
  if (!existsSync(`${root}node_modules/.bin/node`))
    stop('`npm ci` did not install the pinned Node.js: were install scripts disabled?');
  console.log(`Installed in ${((Date.now() - began) / 1000).toFixed(1)} s.`);
}

function refuseOldNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > oldestNode[0] || (major === oldestNode[0] && minor >= oldestNode[1])) return;
  stop(`Bitácora starts with Node.js ${oldestNode.join('.')} or later; this is ${process.versions.node}.`);
}

/**
 * Compares contents, not file times: a fresh clone, a switched branch and a restored cache all get times that mean
 * nothing. npm writes its own record last, so an interrupted installation has none.
 */
function firstDifference() {
  const record = `${root}node_modules/.package-lock.json`;
  if (!existsSync(record)) return 'none yet';
  if (!existsSync(`${root}node_modules/.bin/node`)) return 'the pinned Node.js is missing';
  const wanted = JSON.parse(readFileSync(`${root}package-lock.json`, 'utf8')).packages;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  const different = Object.entries(wanted).find(
    ([path, entry]) => path.includes('node_modules/') && !holds(installed[path], entry),
  );
  return different && `${different[0].replace('node_modules/', '')} differs from package-lock.json`;
}

function holds(installed, wanted) {
  if (!installed) return Boolean(wanted.optional || wanted.devOptional || wanted.peer);
  return wanted.link ? installed.resolved === wanted.resolved : installed.version === wanted.version;
}

/** Runs the npm that called this script (`npm start`, `npm test`), otherwise the npm on the path. */
function runNpm(args) {
  const callingNpm = process.env.npm_execpath;
  const options = { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] };
  if (callingNpm && /\.[cm]?js$/.test(callingNpm))
    return spawnSync(process.execPath, [callingNpm, ...args], options);
  return spawnSync(process.platform === 'win32' ? 'npm.cmd' : 'npm', args, options);
}

function stop(message) {
  console.error(message);
  process.exit(2);
}
