import { spawn } from 'node:child_process';

/** What of it must not wait longer, where no signs of life are asked for. */
const STATUS_MILLIS = 10_000;
/** A unit that asks for more signs of life than this gets no more. */
const LEAST_MILLIS = 100;
/** systemd shows no more of it. */
const MAX_STATUS = 200;

/**
 * Tells systemd how the service is, by the messages of sd_notify(3). Node has no datagrams on Unix sockets, and the packages that
 * do it compile against libsystemd; so systemd's own program sends them, which is wherever systemd is. One takes 6 ms of CPU, some
 * times a minute. The unit says NotifyAccess=all for it, since it is another process of the unit that speaks.
 */
export class ServiceManager {
  readonly #env: NodeJS.ProcessEnv;
  readonly #status: () => string;
  readonly #timer: NodeJS.Timeout;
  #isSending = false;
  #hasSaidReady = false;
  /** Variables to be sent next, by name: the last value counts. */
  readonly #next = new Map<string, string>();

  private constructor(env: NodeJS.ProcessEnv, status: () => string) {
    this.#env = env;
    this.#status = status;
    const watchdog = watchdogMillis(env);
    const millis = Math.max(LEAST_MILLIS, Math.min(watchdog ?? STATUS_MILLIS, STATUS_MILLIS));
    this.#timer = setInterval(() => {
      if (watchdog !== null) this.#next.set('WATCHDOG', '1');
      this.#tell();
    }, millis).unref();
  }

  /** Null where nobody wants to be told. `status` is asked for a line now and then. */
  static open(env: NodeJS.ProcessEnv, status: () => string): ServiceManager | null {
    return (env.NOTIFY_SOCKET ?? '') === '' ? null : new ServiceManager(env, status);
  }

  /** The service is up, from now on. */
  ready(): void {
    if (this.#hasSaidReady) return;
    this.#hasSaidReady = true;
    this.#next.set('READY', '1');
    this.#tell();
  }

  close(): void {
    clearInterval(this.#timer);
    this.#next.set('STOPPING', '1');
    this.#tell();
  }

  /** Sends what there is to say, one message after the other. */
  #tell(): void {
    if (this.#isSending) return;
    this.#isSending = true;
    this.#next.set('STATUS', this.#status().replace(/\s+/g, ' ').slice(0, MAX_STATUS));
    const args = [...this.#next].map(([name, value]) => `${name}=${value}`);
    this.#next.clear();
    const child = spawn('systemd-notify', args, { env: this.#env, stdio: 'ignore' });
    child.unref();
    const done = () => {
      if (!this.#isSending) return;
      this.#isSending = false;
      if (this.#next.size > 0) this.#tell();
    };
    child.once('error', done);
    child.once('close', done);
  }
}

/** Milliseconds between two signs of life, half of what is allowed as sd_watchdog_enabled(3) advises; null where none are wanted. */
function watchdogMillis({ WATCHDOG_USEC, WATCHDOG_PID }: NodeJS.ProcessEnv): number | null {
  const micros = Number(WATCHDOG_USEC);
  if (!(micros > 0) || (WATCHDOG_PID !== undefined && WATCHDOG_PID !== String(process.pid))) return null;
  return micros / 2000;
}
