/**
 * The process that reads captures for a worker, one after the other: a capture that makes it hang or die costs nobody else anything.
 * Is told of files by its parent, and ends with it.
 */
import { Worker } from 'node:worker_threads';
import { type Distilled, type DistilOptions, distilCapture } from '../analysis/distil.ts';
import { captureOfObject } from './object-capture.ts';

/** What the parent asks for. */
export interface ReadRequest {
  readonly path: string;
  /** Of an object in a bucket, as it was listed. */
  readonly version?: { readonly size: number; readonly etag: string };
  readonly options: Omit<DistilOptions, 'signal' | 'onProgress'>;
}
/** What it says first, of no capture. */
export interface ReaderReady {
  readonly isReady: true;
}
export type ReadAnswer =
  | { readonly distilled: Distilled }
  /** `isOurs`: not the capture is at fault but the machine: its disk is full, or it may not write. */
  | { readonly error: string; readonly isOurs: boolean };

process.on('disconnect', () => process.exit());
// Ctrl-C in a terminal reaches all of its processes: the parent says when to end.
process.on('SIGINT', () => {});

process.on('message', (request: ReadRequest) => {
  void answer(request).then((it) => process.send?.(it));
});

async function answer({ path, version, options }: ReadRequest): Promise<ReadAnswer> {
  try {
    if (version === undefined) return { distilled: await distilCapture(path, options) };
    const { objectAsListed } = await import('../capture/s3/objects.ts');
    const object = await objectAsListed(path, version.size, version.etag);
    return { distilled: await distilCapture(captureOfObject(object), options) };
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return { error: message, isOurs: ['ENOSPC', 'EDQUOT', 'EROFS', 'EMFILE', 'ENFILE'].includes(code ?? '') };
  }
}

watchParent();
process.send?.({ isReady: true } satisfies ReaderReady);

/** Who hangs in a capture does not hear that the parent is gone: a second thread looks after it. */
function watchParent(): void {
  const look = `const parent = ${process.ppid}; setInterval(() => { if (process.ppid !== parent) process.kill(process.pid, 'SIGKILL'); }, 1000);`;
  new Worker(look, { eval: true }).unref();
}
