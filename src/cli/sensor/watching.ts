import type { Handler, RunningServer } from './http.ts';
import type { LiveBoard } from './live-board.ts';
import type { Watchers } from './options.ts';
import { ServiceManager } from './service-manager.ts';
import type { Vitals } from './vitals.ts';

export interface WatchingOptions extends Watchers {
  readonly vitals: Vitals;
  /** What the page shows; null where there is none. */
  readonly board: LiveBoard | null;
  readonly env: NodeJS.ProcessEnv;
  /** How the run goes, in a line. */
  readonly describe: () => string;
  readonly tell: (text: string) => void;
  /** Says what nobody may miss, also where the rest is to be quiet. */
  readonly warn: (text: string) => void;
}

/** What serves those who watch a live run. */
export interface Watching {
  /** Frames are captured, or the interface is waited for. */
  ready(): void;
  close(): void;
}

/** Throws CliError where it cannot listen. What is not asked for is not loaded. */
export async function openWatching(options: WatchingOptions): Promise<Watching> {
  const { metrics, page, vitals, board, env, describe, tell, warn } = options;
  const servers: RunningServer[] = [];
  /** Never open to others without a word. */
  const announce = (text: string, isPrivate: boolean) =>
    isPrivate ? tell(text) : warn(`${text}, open to whoever can reach that address`);
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
    announce(`metrics at ${server.url}/metrics, health at ${server.url}/healthz`, isLoopback(metrics));
  }
  let closePage = () => {};
  if (page !== null && board !== null) {
    const [{ isLoopback, serve }, { createPage }] = await Promise.all([import('./http.ts'), import('./page.ts')]);
    const { paths, close } = createPage(board);
    const server = await serve('--serve', page, paths, { onlyOwnNames: true });
    servers.push(server);
    closePage = close;
    announce(`live page at ${server.url}/`, isLoopback(page));
  }
  const manager = ServiceManager.open(env, () => [...vitals.complaints(), describe()].join('; '));
  return {
    ready: () => manager?.ready(),
    close() {
      manager?.close();
      closePage();
      for (const server of servers) server.close();
    },
  };
}
