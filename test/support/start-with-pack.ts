import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startTestServer, type TestServer } from './test-server.ts';

/** A server with one pack of the checkout; `exported` is the name it is exported under. */
export async function startWithPack(
  pack: { folder: string; exported: string },
  environment: Record<string, string> = {},
): Promise<TestServer> {
  const file = fileURLToPath(new URL(`../../packs/${pack.folder}/pack.ts`, import.meta.url));
  const folder = mkdtempSync(join(tmpdir(), 'bitacora-config-'));
  chmodSync(folder, 0o755);
  const config = join(folder, 'bitacora.config.ts');
  const { exported } = pack;
  writeFileSync(
    config,
    `import { ${exported} } from ${JSON.stringify(file)};\nexport default { packs: [${exported}] };\n`,
  );
  const server = await startTestServer({ BITACORA_CONFIG: config, ...environment });
  return Object.create(server, {
    dispose: {
      value: async () => {
        await server.dispose();
        rmSync(folder, { recursive: true, force: true });
      },
    },
  }) as TestServer;
}
