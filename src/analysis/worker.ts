/** Runs in a worker thread: analyses the files that it is told to, one at a time, and posts what comes of them. */
import { parentPort, workerData } from 'node:worker_threads';
import { showPath } from '../capture/paths.ts';
import { rules } from '../rules/index.ts';
import type { AnalysisSettings, AnalysisSink } from './types.ts';
import type { FromWorker, Item, ToWorker, WorkerStart } from './worker-messages.ts';

/** Results a post, and posts that may wait for their turn to be told: beyond that the worker waits. */
const POST_ITEMS = 500;
const MAX_POSTS = 8;

const port = parentPort!;
const { settings: given, streams, credits } = workerData as WorkerStart;
const stop = new AbortController();

async function analyze(input: number, path: string): Promise<void> {
  const { analyzeInput } = await import('./analyze-input.ts');
  const settings: AnalysisSettings = { ...given, rules: [...rules, ...(await loadOwnRules())] };
  let items: Item[] = [];
  const post = () => {
    if (items.length === 0) return;
    port.postMessage({ type: 'items', input, items } satisfies FromWorker);
    items = [];
    Atomics.add(credits, 0, 1);
    // Earlier files are told of first. Waiting here keeps what waits for that from filling the memory; the file whose
    // turn it is never waits for another one.
    for (
      let count = Atomics.load(credits, 0);
      count >= MAX_POSTS && credits[1] === 0;
      count = Atomics.load(credits, 0)
    ) {
      Atomics.wait(credits, 0, count);
    }
  };
  const add = (item: Item) => {
    items.push(item);
    if (items.length >= POST_ITEMS) post();
  };
  const sink: AnalysisSink = {
    exchange: (exchange) => add({ exchange }),
    finding: (finding, exchange) => add({ finding, exchange: exchange ?? undefined }),
  };
  const result = await analyzeInput(
    { name: showPath(path), paths: [path], bytes: null },
    {
      settings,
      input,
      ...(streams ? { sink } : {}),
      signal: stop.signal,
      onProgress({ source, frames, findings }) {
        post();
        const { bytesRead, totalBytes } = source;
        const found = findings.error + findings.warning + findings.info;
        port.postMessage({
          type: 'progress',
          input,
          bytesRead,
          totalBytes,
          frames,
          findings: found,
        } satisfies FromWorker);
      },
    },
  );
  post();
  port.postMessage({ type: 'result', input, result } satisfies FromWorker);
}

async function loadOwnRules() {
  if (given.config.plugins.length === 0) return [];
  const { loadPlugins } = await import('../config/plugins.ts');
  return (await loadPlugins(given.config)).rules;
}

port.on('message', (message: ToWorker) => {
  if (message.type === 'stop') stop.abort();
  else void analyze(message.input, message.path);
});
