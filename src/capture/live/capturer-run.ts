import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { CaptureError, type CaptureErrorCode } from '../errors.ts';
import { type Backend, CAPTURERS, type CaptureSettings, classifyFailure, parseCapMessage } from './capturers.ts';
import { interfaceState, isLoopback } from './interfaces.ts';

export interface CapturerHooks {
  /** Gets what the capturer writes. */
  readonly onBytes: (bytes: Buffer) => void;
  /** Frames that this capturer has lost so far. */
  readonly onDrops: (drops: number) => void;
  /** The newest frame that was handed over. */
  readonly newest: () => NewestFrame;
}

export interface NewestFrame {
  /** When it was captured, in milliseconds since 1970; 0 before the first. */
  readonly stampMillis: number;
  /** Whether it had waited in the capturer: then others have, too. */
  readonly wasLate: boolean;
}

/** How often the interface is looked at, and how often counters are asked for. */
const WATCH_MILLIS = 250;
const STATS_MILLIS = 1000;
/** A capturer that was asked to end and still has not is killed after this time. */
const STOP_MILLIS = 3000;
/** How often it is asked whether all is there that was captured before the end, how long that may take, and after what silence it is. */
const DRAIN_STEP_MILLIS = 10;
const MAX_DRAIN_MILLIS = 10_000;
const QUIET_MILLIS = 50;
const LATE_QUIET_MILLIS = 1000;
/** Lines of complaint that are kept. */
const MAX_WORDS = 60;

/** It is to end when all is there; it was asked to end; it did not, and was killed. */
type Phase = 'running' | 'finishing' | 'ending' | 'killed';

/** One run of a capturer, from its start to its end. */
export class CapturerRun {
  /** Settles when the capturer has ended and all it wrote was handed over: null, or why it ended other than as asked. */
  readonly ended: Promise<CaptureError | null>;
  /** When the interface was last seen up while frames were captured, in milliseconds since 1970; null before that. */
  lastGoodMillis: number | null = null;

  readonly #backend: Backend;
  readonly #settings: CaptureSettings;
  readonly #hooks: CapturerHooks;
  readonly #child: ChildProcess;
  readonly #guard: ChildProcess | null;
  readonly #words: string[] = [];
  readonly #timers: NodeJS.Timeout[] = [];
  #started = false;
  #phase: Phase = 'running';
  #lastArrival = 0;
  /** Frames lost so far, as it has told. */
  #drops = 0;
  /** It was asked to end before it had handed over what it had captured. */
  #isCutShort = false;
  #spawnError: NodeJS.ErrnoException | null = null;
  #missing = false;
  #gone: CaptureError | null = null;

  constructor(backend: Backend, settings: CaptureSettings, hooks: CapturerHooks) {
    this.#backend = backend;
    this.#settings = settings;
    this.#hooks = hooks;
    const { file, args } = CAPTURERS[backend].command(settings);
    // The C locale, so that what they say can be understood.
    const env = { ...process.env, LC_ALL: 'C', LANGUAGE: '' };
    // A terminal's Ctrl-C is for us: what still waits in the capturer is wanted first. See guard() for when we are killed.
    const detached = CAPTURERS[backend].stopSignal !== null;
    const child = spawn(file, args, { env, detached, stdio: ['pipe', 'pipe', 'pipe'] });
    this.#child = child;
    child.stdin.on('error', () => {});
    child.stdout.on('data', (bytes: Buffer) => {
      this.#started = true;
      hooks.onBytes(bytes);
      this.#lastArrival = performance.now();
    });
    createInterface({ input: child.stderr }).on('line', (line) => this.#hear(line));
    this.ended = new Promise((resolve) => {
      child.once('error', (error: NodeJS.ErrnoException) => {
        this.#spawnError = error;
        // Where it could not be started there is no "close".
        if (child.pid === undefined) resolve(this.#conclude(null, null));
      });
      child.once('close', (status, signal) => resolve(this.#conclude(status, signal)));
    });
    // cap's child ends with its standard input; the others would notice only when they next write a frame.
    this.#guard = CAPTURERS[backend].stopSignal === null || child.pid === undefined ? null : guard(child.pid);
    this.#watch();
  }

  /** Takes nothing more from the capturer until `until` settles; what comes meanwhile waits in it. */
  async hold(until: Promise<void>): Promise<void> {
    this.#child.stdout?.pause();
    try {
      await until;
    } finally {
      this.#child.stdout?.resume();
    }
  }

  /** Asks the capturer to end. What it has not handed over by then is not wanted. */
  stop(): void {
    if (this.#phase === 'running' || this.#phase === 'finishing') this.#end();
  }

  /**
   * Asks the capturer to end as soon as all is there that was captured until now: at a signal tcpdump and dumpcap leave unread what
   * the kernel has for them.
   */
  finish(): void {
    if (this.#phase !== 'running') return;
    this.#phase = 'finishing';
    this.#child.stdout?.resume();
    const [asked, begun] = [Date.now(), performance.now()];
    const { stamps } = CAPTURERS[this.#backend];
    const delayMillis = CAPTURERS[this.#backend].delayMillis(this.#settings);
    this.#every(DRAIN_STEP_MILLIS, () => {
      const now = performance.now();
      if (this.#phase !== 'finishing' || now - begun < delayMillis) return;
      const { stampMillis, wasLate } = this.#hooks.newest();
      // Stamps of delivery say nothing of what still waits.
      const isAllThere = !this.#started || stamps === 'delivery' || stampMillis >= asked;
      const quietMillis = Math.max(delayMillis, wasLate ? LATE_QUIET_MILLIS : QUIET_MILLIS);
      const isDone = isAllThere || now - Math.max(begun, this.#lastArrival) >= quietMillis;
      this.#isCutShort = !isDone && now - begun >= MAX_DRAIN_MILLIS;
      if (isDone || this.#isCutShort) this.#end();
    });
  }

  #end(): void {
    this.#phase = 'ending';
    this.#child.stdout?.resume();
    const { stopSignal } = CAPTURERS[this.#backend];
    if (stopSignal === null) this.#child.stdin?.end();
    else this.#child.kill(stopSignal);
    this.#timers.push(
      setTimeout(() => {
        this.#phase = 'killed';
        this.#child.kill('SIGKILL');
      }, STOP_MILLIS),
    );
  }

  #watch(): void {
    const { statsSignal } = CAPTURERS[this.#backend];
    if (statsSignal !== null) {
      this.#every(STATS_MILLIS, () => {
        // Before that it has no handler for it, and the signal would end it.
        if (this.#started && this.#phase === 'running') this.#child.kill(statsSignal);
      });
    }
    if (interfaceState(this.#settings.interface) !== 'up') return;
    // cap dies of it; libpcap 1.10's own programs wait in silence for the interface to come up again.
    this.#every(WATCH_MILLIS, () => {
      // Before the look: this process may be made to wait behind it.
      const lookedMillis = Date.now();
      const state = interfaceState(this.#settings.interface);
      if (this.#gone !== null || this.#phase !== 'running') return;
      if (state === 'up') {
        if (this.#started) this.lastGoodMillis = lookedMillis;
        return;
      }
      this.#gone = this.#error('interface-gone', state === 'missing' ? 'was removed' : 'went down');
      this.finish();
    });
  }

  #every(millis: number, action: () => void): void {
    this.#timers.push(setInterval(action, millis));
  }

  #hear(line: string): void {
    const drops = CAPTURERS[this.#backend].parseDrops(line);
    if (drops !== null) {
      this.#drops = drops;
      this.#hooks.onDrops(drops);
    }
    const message = this.#backend === 'cap' ? parseCapMessage(line) : null;
    if (message === null) this.#words.push(line);
    else if (message.type === 'failed') {
      this.#missing ||= message.missing;
      // It is what counts; the lines before are libpcap's warnings.
      this.#words.length = 0;
      this.#words.push(message.message);
    }
    if (this.#words.length > MAX_WORDS) this.#words.shift();
  }

  #conclude(status: number | null, signal: NodeJS.Signals | null): CaptureError | null {
    for (const timer of this.#timers) clearTimeout(timer);
    // Before its input ends: the number of a process that has ended may be another's by then.
    this.#guard?.kill('SIGKILL');
    const backend = this.#backend;
    if (this.#gone !== null) return this.#gone;
    if (this.#spawnError !== null || this.#missing) {
      const reason = this.#missing ? this.#words.join(' ') : (this.#spawnError?.message ?? '');
      if (this.#missing || this.#spawnError?.code === 'ENOENT') {
        return new CaptureError('capturer-missing', `${backend} is not installed or cannot be loaded: ${reason}`);
      }
      return new CaptureError('capturer-failed', `${backend} cannot be started: ${reason}`);
    }
    if (this.#phase === 'killed' || this.#isCutShort) return this.#describeLeft();
    const said = this.#complaint();
    // Whoever ends dumpcap or tcpdump by a signal ends them well. But so ends dumpcap when its interface is removed, with a
    // complaint.
    const isAsked = this.#phase !== 'running';
    if (this.#started ? isAsked || (status === 0 && said === '') : isAsked && said === '') return null;

    const state = interfaceState(this.#settings.interface);
    switch (classifyFailure(said)) {
      case 'no-permission':
        return this.#error('no-permission', 'cannot be sniffed on without the capability CAP_NET_RAW');
      case 'no-interface':
        return this.#error(
          this.#started ? 'interface-gone' : 'no-interface',
          this.#started ? 'was removed' : 'is no interface of this machine',
        );
      case 'interface-gone':
        if (!this.#started) return this.#error('interface-gone', 'is down');
        return this.#error('interface-gone', state === 'missing' ? 'was removed' : 'went down');
      case 'bad-filter':
        if (this.#settings.filter !== '' && !this.#started) {
          return this.#error('bad-filter', `cannot be filtered by "${this.#settings.filter}": ${shorten(said)}`);
        }
        break;
    }
    const how = signal === null ? `ended with status ${status}` : `was ended by ${signal}`;
    return this.#error(
      'capturer-failed',
      `${this.#started ? 'is no longer' : 'cannot be'} captured: ${backend} ${how}${said === '' ? '' : `: ${shorten(said)}`}`,
    );
  }

  /** What it had captured and did not hand over counts as lost, where it tells how much that is. */
  #describeLeft(): CaptureError {
    const backend = this.#backend;
    const wasKilled = this.#phase === 'killed';
    const isKnown = !wasKilled && isLoopback(this.#settings.interface) === false;
    const left = isKnown ? CAPTURERS[backend].countLeft(this.#words) : null;
    if (left !== null) this.#hooks.onDrops(this.#drops + left);
    const how = wasKilled
      ? `${backend} did not end within ${STOP_MILLIS / 1000} s and was killed`
      : `${backend} still had frames after ${MAX_DRAIN_MILLIS / 1000} s`;
    const what = left === null ? 'what waited in it is lost' : `${left} that waited are lost`;
    return this.#error('capture-gap', `was not captured to the end: ${how}; ${what}`);
  }

  /** What it said, without what it says in any case. */
  #complaint(): string {
    const usual = /^(Capturing on|File: |tcpdump: listening on|Packets |(tcpdump: )?\d+ packets?|Warning: )/;
    const said = this.#words
      .filter((line) => !usual.test(line))
      .join(' ')
      .replace(/^(tcpdump|dumpcap): /, '');
    // dumpcap's three sentences about a filter hold libpcap's one in brackets.
    return /isn't a valid capture filter \((.*)\)\. See/.exec(said)?.[1] ?? said;
  }

  #error(code: CaptureErrorCode, what: string): CaptureError {
    return new CaptureError(code, `${this.#settings.interface} ${what}`);
  }
}

/** What to do about the error no-permission, as a sentence. */
export const describeRemedy = (name: string): string =>
  'Give the capability to dumpcap (sudo setcap cap_net_raw+ep "$(command -v dumpcap)") or to node, ' +
  `or capture with another program: sudo tcpdump -i ${name} -U -w - | portzero analyze - --follow`;

/**
 * A tiny process that ends the capturer when we are killed, and its standard input ends by that. The kernel's own way
 * (prctl PR_SET_PDEATHSIG) is undone by a file capability and by a change of user: dumpcap has the one, tcpdump does the other.
 */
function guard(pid: number): ChildProcess {
  // Of a terminal's Ctrl-C the whole process group hears.
  const script = `trap '' INT TERM HUP; read -r _; kill -TERM ${pid}`;
  const child = spawn('sh', ['-c', script], { stdio: ['pipe', 'ignore', 'ignore'] });
  // Without a shell there is no guard.
  child.on('error', () => {});
  child.stdin.on('error', () => {});
  child.unref();
  return child;
}

const shorten = (text: string): string => (text.length > 200 ? `${text.slice(0, 200)}…` : text);
