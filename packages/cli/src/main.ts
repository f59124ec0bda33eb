#!/usr/bin/env node
import { nodeRefusal } from './node-refusal.ts';

const refusal = nodeRefusal(process.versions.node);
if (refusal === undefined) {
  // Imported after the check, because an older Node.js may not be able to load the commands.
  const { runCli } = await import('./run-cli.ts');
  process.exitCode = await runCli(process.argv.slice(2));
} else {
  process.stderr.write(`bitacora: ${refusal}\n`);
  process.exitCode = 2;
}
