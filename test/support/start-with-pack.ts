import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startTestServer, type TestServer } from './test-server.ts';

/** A folder below `packs/`, and the name under which it exports its pack. */
interface PackPlace {
  folder: string;
  exported: string;
}

/** Starts a server with packs of the checkout; `args` are those of `serve`. */
export async function startWithPacks(
  packs: readonly PackPlace[],
  environment: Record<string, string> = {},
  args: readonly string[] = [],
): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'bitacora-config-'));
  chmodSync(folder, 0o755);
  const config = join(folder, 'bitacora.config.ts');
  const imports = packs.map((pack) => {
    const file = fileURLToPath(new URL(`../../packs/${pack.folder}/pack.ts`, import.meta.url));
    return `import { ${pack.exported} } from ${JSON.stringify(file)};\n`;
  });
  const names = packs.map(({ exported }) => exported).join(', ');
  writeFileSync(config, `${imports.join('')}export default { packs: [${names}] };\n`);
  const server = await startTestServer({ BITACORA_CONFIG: config, ...environment }, { args });
  return Object.create(server, {
    dispose: {
      value: async () => {
        await server.dispose();
        rmSync(folder, { recursive: true, force: true });
      },
    },
  }) as TestServer;
}

/** Starts a server with one pack of the checkout. */
export function startWithPack(
  pack: PackPlace,
  environment?: Record<string, string>,
  args?: readonly string[],
): Promise<TestServer> {
  return startWithPacks([pack], environment, args);
}
