import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Delivery, Health } from '@bitacora/sdk';
import type { HostPlan } from './sdk-host.ts';

export interface Host {
  child: ChildProcess;
  /** The numbers of the events whose promise resolved, in the order in which they resolved. */
  done: number[];
  failed: number[];
  /** The health that the host wrote last. */
  health(): Health | undefined;
  rssMax(): number;
  closed(): Delivery | undefined;
  /** Resolves when all events were captured. */
  captured: Promise<void>;
  started: Promise<void>;
  /** The exit code, or the signal that ended it. */
  ended: Promise<number | string>;
  errorText(): string;
}

const program = fileURLToPath(new URL('./sdk-host.ts', import.meta.url));

/** Starts a host application with the SDK in its own process. */
export function startHost(plan: HostPlan, environment: Record<string, string> = {}): Host {
  const child = spawn(process.execPath, ['--conditions=bitacora:source', program, JSON.stringify(plan)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...environment },
  });
  let rest = '';
  let errorText = '';
  let rssMax = 0;
  let health: Health | undefined;
  let closed: Delivery | undefined;
  const { promise: captured, resolve: isCaptured } = Promise.withResolvers<void>();
  const { promise: started, resolve: isStarted } = Promise.withResolvers<void>();
  const host: Host = {
    child,
    done: [],
    failed: [],
    captured,
    started,
    health: () => health,
    rssMax: () => rssMax,
    closed: () => closed,
    errorText: () => errorText,
    ended: once(child, 'close').then(([code, signal]) => code ?? signal),
  };
  const take = (line: any): void => {
    if (Array.isArray(line)) (line[0] === 'done' ? host.done : host.failed).push(line[1]);
    if (line.health) health = line.health;
    if (line.rss) rssMax = Math.max(rssMax, line.rss);
    if (line.closed) closed = line.closed;
    if (line.captured !== undefined) isCaptured();
    if (line.started !== undefined) isStarted();
  };
  child.stderr?.on('data', (chunk: Buffer) => (errorText += chunk.toString()));
  child.stdout?.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) take(JSON.parse(line));
  });
  return host;
}
