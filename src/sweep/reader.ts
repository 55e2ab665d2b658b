import { type ChildProcess, fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { ReadAnswer, ReaderReady, ReadRequest } from './reader-child.ts';

/** A reader that is not there by then will not be. */
const START_MILLIS = 60_000;

/** Reads captures in a process of its own, which is there until it dies or takes too long. */
export class Reader {
  #child: ChildProcess | null = null;
  #isReady = false;

  /** Settles with what became of it; a reader that died, or was too slow, is told as an error. */
  async read(request: ReadRequest, mostMillis: number, signal: AbortSignal): Promise<ReadAnswer | 'stopped'> {
    const child = this.#start();
    let answered = (_: ReadAnswer | 'stopped') => {};
    const fail = (error: string, isOurs: boolean) => answered({ error, isOurs });
    const tooSlow = (error: string, isOurs: boolean) => () => {
      this.close();
      fail(error, isOurs);
    };
    // An attempt's time runs from when its reader is there: to start one takes longer than many a capture.
    const allow = () => setTimeout(tooSlow(`not read within ${mostMillis / 1000} s`, false), mostMillis);
    let timer = this.#isReady
      ? allow()
      : setTimeout(tooSlow(`no reader could be started within ${START_MILLIS / 1000} s`, true), START_MILLIS);
    const onMessage = (message: unknown) => {
      if (!('isReady' in (message as ReadAnswer | ReaderReady))) return answered(message as ReadAnswer);
      clearTimeout(timer);
      this.#isReady = true;
      timer = allow();
    };
    const onExit = (status: number | null, name: string | null) =>
      fail(`its reader died (${name ?? `exit status ${status}`})`, false);
    const onError = ({ message }: Error) => fail(`no reader could be started: ${message}`, true);
    const onAbort = () => {
      this.close();
      answered('stopped');
    };
    try {
      return await new Promise<ReadAnswer | 'stopped'>((resolve) => {
        answered = resolve;
        child.on('message', onMessage);
        child.on('exit', onExit);
        child.on('error', onError);
        signal.addEventListener('abort', onAbort);
        // Where that fails it has died, which comes as an event.
        child.send(request, () => {});
      });
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      child.off('message', onMessage);
      child.off('exit', onExit);
      child.off('error', onError);
    }
  }

  #start(): ChildProcess {
    if (this.#child !== null) return this.#child;
    const beside = fileURLToPath(new URL('./reader-child.js', import.meta.url));
    const path = existsSync(beside)
      ? beside
      : fileURLToPath(new URL('../../dist/bundle/reader-child.js', import.meta.url));
    // Nothing that it writes is meant for anybody.
    const child = fork(path, { stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
    child.on('error', () => {});
    child.on('exit', () => {
      if (this.#child === child) this.#child = null;
    });
    this.#child = child;
    this.#isReady = false;
    return child;
  }

  close(): void {
    this.#child?.kill('SIGKILL');
    this.#child = null;
  }
}
