import { fetchedProgram } from './fetched-program.ts';

export type OtherRuntime = 'Bun' | 'Deno';

/** How to run a program on a runtime that is not Node.js: the command and its first arguments. Rejects when it cannot be fetched. */
export async function otherRuntime(runtime: OtherRuntime): Promise<[string, ...string[]]> {
  const { platform, arch } = process;
  if (runtime === 'Bun') {
    const name = `@oven/bun-${platform}-${arch === 'arm64' ? 'aarch64' : arch}`;
    return [await fetchedProgram(name, { version: '1.4.5', path: 'bin/bun' })];
  }
  const name = `@deno/${platform}-${arch}${platform === 'linux' ? '-glibc' : ''}`;
  return [await fetchedProgram(name, { version: '2.9.6', path: 'deno' }), 'run', '-A'];
}
