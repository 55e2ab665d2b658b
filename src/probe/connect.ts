import { connect } from 'node:net';

/** What the program was told. */
export interface Told {
  readonly result: 'connected' | 'failed' | 'timeout';
  /** As in "ECONNREFUSED"; null unless the call failed. */
  readonly code: string | null;
  readonly afterMs: number;
  /** The local end that the system chose; null when the call failed before it did. */
  readonly localPort: number | null;
}

/** Calls the system's connect() once, and ends the connection at once where there is one. Never rejects. */
export function askByConnect(address: string, port: number, timeoutMs: number, signal: AbortSignal): Promise<Told> {
  return new Promise((resolve) => {
    let start = performance.now();
    const socket = connect({ host: address, port });
    let localPort: number | null = null;
    const settle = (result: Told['result'], code: string | null) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      const afterMs = Math.round((performance.now() - start) * 1000) / 1000;
      resolve({ result, code, afterMs, localPort });
      socket.destroy();
    };
    const giveUp = () => settle('timeout', null);
    const timer = setTimeout(giveUp, timeoutMs);
    signal.addEventListener('abort', giveUp);
    socket.once('connectionAttempt', () => {
      // The system call comes now; before it Node has its own things to do. Once it is made, the local end is known: a socket
      // that is asked for it before goes on to say "none".
      start = performance.now();
      process.nextTick(() => {
        localPort = socket.localPort || null;
      });
    });
    socket.once('connect', () => settle('connected', null));
    socket.once('error', (error: NodeJS.ErrnoException) => settle('failed', error.code ?? 'UNKNOWN'));
    socket.on('error', () => {});
  });
}
