/**
 * The process that reads captures for a worker, one after the other: a capture that makes it hang or die costs nobody else anything.
 * Is told of files by its parent, and ends with it.
 */
import type { Distilled, DistilOptions } from '../analysis/distil.ts';

/** What the parent asks for. */
export interface ReadRequest {
  readonly path: string;
  readonly options: Omit<DistilOptions, 'signal' | 'onProgress'>;
}
export type ReadAnswer =
  | { readonly distilled: Distilled }
  /** `isOurs`: not the capture is at fault but the machine: its disk is full, or it may not write. */
  | { readonly error: string; readonly isOurs: boolean };

process.on('disconnect', () => process.exit());
// Ctrl-C in a terminal reaches all of its processes: the parent says when to end.
process.on('SIGINT', () => {});

process.on('message', ({ path, options }: ReadRequest) => {
  void answer(path, options).then((it) => process.send?.(it));
});

async function answer(path: string, options: ReadRequest['options']): Promise<ReadAnswer> {
  try {
    const { distilCapture } = await import('../analysis/distil.ts');
    return { distilled: await distilCapture(path, options) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { error: message, isOurs: ['ENOSPC', 'EDQUOT', 'EROFS', 'EMFILE', 'ENFILE'].includes(code ?? '') };
  }
}

await watchParent();

/** Who hangs in a capture does not hear that the parent is gone: a second thread looks after it. */
async function watchParent(): Promise<void> {
  const { Worker } = await import('node:worker_threads');
  const look = `const parent = ${process.ppid}; setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL'); }, 1000);`;
  new Worker(look, { eval: true }).unref();
}
