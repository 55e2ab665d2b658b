import type { Handler, HttpAddress, RunningServer } from './http.ts';
import { ServiceManager } from './service-manager.ts';
import type { Vitals } from './vitals.ts';

export interface WatchingOptions {
  readonly metrics: HttpAddress | null;
  readonly vitals: Vitals;
  readonly env: NodeJS.ProcessEnv;
  /** How the run goes, in a line. */
  readonly describe: () => string;
  readonly tell: (text: string) => void;
}

/** What serves those who watch a live run. */
export interface Watching {
  /** Frames are captured, or the interface is waited for. */
  ready(): void;
  close(): void;
}

/** Throws CliError where it cannot listen. What is not asked for is not loaded. */
export async function openWatching({ metrics, vitals, env, describe, tell }: WatchingOptions): Promise<Watching> {
  const servers: RunningServer[] = [];
  if (metrics !== null) {
    const [{ isLoopback, serve }, { createHealth, createMetrics }] = await Promise.all([
      import('./http.ts'),
      import('./metrics.ts'),
    ]);
    const paths = new Map<string, Handler>([
      ['/metrics', createMetrics(vitals)],
      ['/healthz', createHealth(vitals)],
    ]);
    const server = await serve('--metrics', metrics, paths);
    servers.push(server);
    const warning = isLoopback(metrics) ? '' : ', open to whoever can reach that address';
    tell(`metrics at ${server.url}/metrics, health at ${server.url}/healthz${warning}`);
  }
  const manager = ServiceManager.open(env, () => [...vitals.complaints(), describe()].join('; '));
  return {
    ready: () => manager?.ready(),
    close() {
      manager?.close();
      for (const server of servers) server.close();
    },
  };
}
