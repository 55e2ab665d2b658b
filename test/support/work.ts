/**
 * How much work something is: how often the pieces of the program and its libraries (functions, loops, branches) are run, as V8 counts them. Unlike time,
 * it is the same on any machine, however busy. Import this before what is measured: only functions compiled later have their loops counted.
 */
import { Session } from 'node:inspector/promises';

const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });

const take = async () => (await session.post('Profiler.takePreciseCoverage')).result;

export async function countWork(run: () => unknown): Promise<number> {
  await take();
  await run();
  let work = 0;
  for (const { url, functions } of await take()) {
    if (url === '' || url.startsWith('node:') || url.includes('/vitest/')) continue;
    for (const { ranges } of functions) for (const { count } of ranges) work += count;
  }
  return work;
}
