import type { CaptureProblem } from '../source.ts';
import { BACKENDS, type Backend } from './capturers.ts';
import { DEFAULT_SNAP_LENGTH, LiveSource } from './live-source.ts';

export interface CapturerRights {
  readonly backend: Backend;
  /** Null when it may capture; else why it cannot. */
  readonly obstacle: CaptureProblem | null;
}

/** Tries each capturer for a moment on an interface that is up: only opening one tells whether that is allowed. */
export function tryCapturers(name: string): Promise<CapturerRights[]> {
  return Promise.all(
    BACKENDS.map(async (backend) => {
      const done = new AbortController();
      const source = new LiveSource({
        interface: name,
        // Nothing is wanted but the answer.
        filter: 'less 1',
        tunnelPorts: [],
        backend,
        snapLength: DEFAULT_SNAP_LENGTH,
        bufferBytes: 1 << 20,
        restart: false,
        maxFrames: null,
        onEvent: ({ type }) => {
          if (type === 'started') done.abort();
        },
      });
      await source.run(() => {}, { signal: done.signal });
      return { backend, obstacle: source.problems[0] ?? null };
    }),
  );
}
