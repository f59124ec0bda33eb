import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AnyPack } from '@bitacora/pack-kit';
import { AuditError } from '../audit-error.ts';

/** The default export of a deployment's `bitacora.config.ts`. */
export interface Config {
  packs?: readonly AnyPack[];
}

/**
 * Reads `bitacora.config.ts` (or `.mts`, `.js`, `.mjs`, or the file that BITACORA_CONFIG names) from the working directory;
 * without one there are no packs. In a folder whose package.json says that it is CommonJS, only `.mts` and `.mjs` are modules.
 * @throws AuditError invalid_parameter when the file cannot be loaded or exports something else
 */
export async function loadConfig(configured: string | undefined): Promise<Config> {
  const defaults = ['ts', 'mts', 'js', 'mjs'].map((ending) => `bitacora.config.${ending}`);
  const candidates = configured === undefined ? defaults : [configured];
  const file = candidates.map((name) => resolve(name)).find((path) => existsSync(path));
  if (file === undefined) {
    if (configured === undefined) return {};
    throw refusal(`BITACORA_CONFIG names ${configured}, which does not exist`);
  }
  const module: unknown = await import(pathToFileURL(file).href).catch((cause: unknown) => {
    throw refusal(`${file} cannot be loaded: ${why(cause)}`);
  });
  const config =
    typeof module === 'object' && module !== null && 'default' in module ? module.default : undefined;
  if (!isConfig(config)) throw refusal(`${file} must export { packs: [definePack(…), …] } by default`);
  return config;
}

function isConfig(value: unknown): value is Config {
  if (typeof value !== 'object' || value === null) return false;
  const packs = 'packs' in value ? value.packs : [];
  return (
    Array.isArray(packs) &&
    packs.every((pack) => typeof pack === 'object' && pack !== null && 'policy' in pack && 'actions' in pack)
  );
}

/** The reason of a failed import. Two messages of Node.js do not say what to do, so a hint is added. */
function why(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  if (/outside a module|unexpected token 'export'/i.test(text))
    return `${text} (the package.json of its folder says CommonJS: name it bitacora.config.mts)`;
  if (
    cause instanceof Error &&
    'code' in cause &&
    cause.code === 'ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING'
  )
    return `${text} (a pack that is installed has to be built)`;
  return text;
}

function refusal(detail: string): AuditError {
  return new AuditError('invalid_parameter', { parameter: 'BITACORA_CONFIG', detail, operatorText: detail });
}
