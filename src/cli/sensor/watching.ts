import type { Handler, HttpAddress, RunningServer } from './http.ts';
import type { Vitals } from './vitals.ts';

export interface WatchingOptions {
  readonly metrics: HttpAddress | null;
  readonly vitals: Vitals;
  readonly tell: (text: string) => void;
}

/** What serves those who watch a live run. */
export interface Watching {
  close(): void;
}

/** Throws CliError where it cannot listen. What is not asked for is not loaded. */
export async function openWatching({ metrics, vitals, tell }: WatchingOptions): Promise<Watching> {
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
  return {
    close() {
      for (const server of servers) server.close();
    },
  };
}
