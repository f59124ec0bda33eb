import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';

const program = fileURLToPath(new URL('../../packages/cli/bin/bitacora.mjs', import.meta.url));

const verdict = z.looseObject({
  ok: z.boolean(),
  kind: z.string(),
  text: z.string(),
  index: z.number().optional(),
  from: z.number().optional(),
  to: z.number().optional(),
  sizeExpected: z.number().optional(),
  sizeFound: z.number().optional(),
  rootExpected: z.string().optional(),
  rootFound: z.string().optional(),
});

export type Verdict = z.infer<typeof verdict> & { exitCode: number };

/** Runs `bitacora verify --json …` as an auditor does. @throws Error when it prints no verdict */
export async function runVerify(parameters: readonly string[]): Promise<Verdict> {
  const args = ['--conditions=bitacora:source', program, 'verify', '--json', ...parameters];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const exit = new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? -1)));
  const [output, errors, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), exit]);
  if (output === '') throw new Error(`verify ended with ${exitCode}: ${errors}`);
  return { ...verdict.parse(JSON.parse(output)), exitCode };
}
