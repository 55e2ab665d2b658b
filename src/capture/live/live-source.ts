import { CaptureError, type CaptureErrorCode } from '../errors.ts';
import { PCAP_HEADER_LENGTH, PcapReader } from '../format/pcap.ts';
import type { RecordSkipper, SkippingSource } from '../format/record-skipper.ts';
import type { CaptureInterface, CaptureProblem, Frame, FrameHandler, RunOptions } from '../source.ts';
import { CapturerRun } from './capturer-run.ts';
import { BACKENDS, type Backend, CAPTURERS } from './capturers.ts';
import { ClockSteps, describeStep } from './clock-steps.ts';
import { captureFilter } from './filter.ts';
import { interfaceState, likelyLinkType } from './interfaces.ts';

export interface LiveOptions {
  readonly interface: string;
  /** A pcap-filter(7) expression; empty for all frames, null for one that keeps what the analysis needs. */
  readonly filter: string | null;
  /** UDP ports whose datagrams are looked into, for the generated filter. */
  readonly tunnelPorts: readonly number[];
  /** Null: the first of BACKENDS that is installed and allowed to capture. */
  readonly backend: Backend | null;
  /** Bytes kept of each frame. */
  readonly snapLength: number;
  /** Size of the kernel's buffer; null for what suits the capturer. */
  readonly bufferBytes: number | null;
  /** Start again when the interface has returned after it went away. */
  readonly restart: boolean;
  /** Ends after so many frames; null for no end. */
  readonly maxFrames: number | null;
  /** Hears of what happens while it runs. */
  readonly onEvent?: (event: LiveEvent) => void;
  /** Whether steps of the clock are this source's to tell (default: always): of several one is enough. */
  readonly tellsClock?: () => boolean;
}

export type LiveEvent =
  /** Frames are being captured from now on. */
  | {
      readonly type: 'started';
      readonly backend: Backend;
      readonly filter: string;
      readonly linkType: number;
      /** Longest time that a frame may wait in the capturer. */
      readonly delayMillis: number;
    }
  /** A capturer cannot be used, and the next one is tried. */
  | { readonly type: 'fallback'; readonly from: Backend; readonly to: Backend; readonly reason: string }
  /** The interface has gone, or is not there yet, and is waited for. */
  | { readonly type: 'waiting'; readonly reason: string }
  /** The interface has gone, is not waited for, and these are captured all the same. */
  | { readonly type: 'lost'; readonly reason: string; readonly left: readonly string[] }
  /** The clock was set, or the machine slept. */
  | { readonly type: 'clock-step'; readonly text: string };

/** Enough for the headers of a segment behind two tags and two tunnels, and for the quote in an ICMP error. */
export const DEFAULT_SNAP_LENGTH = 256;

/** How often the time that passes without frames is told, in milliseconds. */
const TICK_MILLIS = 50;
/** Frames this old when they come have waited in the capturer or the pipe. */
const LAG_MILLIS = 200;
/** So long after they came more of that age are expected. */
const LAG_LASTS_MILLIS = 250;
const RETURN_MILLIS = 250;
/** How long a capturer that has failed is not started again. */
const FAILED_MILLIS = 1000;
/** What went wrong is told so often in the report; beyond that it is counted. */
const MAX_PROBLEMS = 1000;

/** What another capturer may be without. */
const PASSED_OVER: ReadonlySet<CaptureErrorCode> = new Set(['capturer-missing', 'no-permission', 'capturer-failed']);

/** How one run of a capturer ended. */
type Ending =
  /** As asked, or by itself without complaint. */
  | { readonly kind: 'done' }
  /** What was opened has another link type than was guessed, and needs this filter. */
  | { readonly kind: 'refilter'; readonly filter: string }
  | {
      readonly kind: 'failed';
      readonly error: CaptureError;
      readonly started: boolean;
      /** When the capture was last known to see the interface, or else began to try, in milliseconds since 1970. */
      readonly lastGoodMillis: number;
    };

/** A time in which nothing was captured, that has not ended yet. */
interface Gap {
  readonly error: CaptureError;
  readonly sinceMillis: number;
}

/**
 * Frames from an interface, captured by a process of its own. Trouble, also at the start, becomes a problem: run() does
 * not reject.
 */
export class LiveSource implements SkippingSource {
  readonly format = 'live';
  readonly compression = null;
  readonly totalBytes = null;
  readonly name: string;
  readonly interfaces: CaptureInterface[] = [];
  readonly problems: CaptureProblem[] = [];
  drops: number | null = null;
  bytesRead = 0;
  /** Frames handed out or passed over. */
  frames = 0;
  /** True while a capturer hands out frames. */
  capturing = false;
  /** Times that one began to. */
  starts = 0;
  /** Longest time that a frame may wait in the capturer. */
  delayMillis = 0;

  readonly #options: LiveOptions;
  /** Steps of the clock so far. */
  clockSteps = 0;
  #lagging = false;
  readonly #clock = new ClockSteps(Date.now(), performance.now(), (millis) => {
    if (this.#options.tellsClock?.() === false) return;
    const text = `the clock went ${describeStep(millis)}: times before and after cannot be compared`;
    this.clockSteps++;
    this.#report(new CaptureError('clock-step', text));
    this.#options.onEvent?.({ type: 'clock-step', text });
  });
  lagMillis = 0;
  #skipper: RecordSkipper | null = null;
  #onFrame: FrameHandler = () => {};
  #runOptions: RunOptions = {};
  /** Frames lost in earlier runs of the capturer, before it was started again. */
  #earlierDrops = 0;
  #gap: Gap | null = null;
  /** Problems beyond those that are kept. */
  #untold = 1;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.name = options.interface;
  }

  skipWith(skipper: RecordSkipper): void {
    this.#skipper = skipper;
  }

  async run(onFrame: FrameHandler, runOptions: RunOptions = {}): Promise<void> {
    this.#onFrame = onFrame;
    this.#runOptions = runOptions;
    const { tunnelPorts, restart } = this.#options;
    let filter = this.#options.filter ?? captureFilter(likelyLinkType(this.name), tunnelPorts);
    const candidates = this.#options.backend === null ? [...BACKENDS] : [this.#options.backend];
    const passedOver: CaptureError[] = [];

    while (!this.#over) {
      const backend = candidates[0]!;
      const ending = await this.#capture(backend, filter);
      if (ending.kind === 'done') break;
      if (ending.kind === 'refilter') {
        filter = ending.filter;
        continue;
      }
      const { error, started } = ending;
      const isGone = error.code === 'interface-gone' || error.code === 'no-interface';
      // A capturer that has worked before may do so again: it was killed, or ran out of something.
      if (restart && (isGone || (error.code === 'capturer-failed' && this.starts > 0))) {
        if (this.#gap === null) this.#options.onEvent?.({ type: 'waiting', reason: error.message });
        this.#gap ??= { error, sinceMillis: ending.lastGoodMillis };
        await this.#waitForReturn(isGone ? 0 : FAILED_MILLIS);
        continue;
      }
      if (!started && error.code === 'bad-filter' && this.#options.filter === null && filter !== '') {
        // A link layer that libpcap has no filters for: all frames, then.
        filter = '';
        continue;
      }
      const next = candidates[1];
      if (!started && next !== undefined && PASSED_OVER.has(error.code)) {
        passedOver.push(error);
        candidates.shift();
        const reason = error.code === 'no-permission' ? `${backend} may not capture on ${this.name}` : error.message;
        this.#options.onEvent?.({ type: 'fallback', from: backend, to: next, reason });
        continue;
      }
      // Where none may capture, that is what to mend, not that the last one is missing.
      this.#report([...passedOver, error].find(({ code }) => code === 'no-permission') ?? error);
      return;
    }
    // It was not to return.
    if (this.#gap !== null) this.#report(this.#gap.error);
  }

  /**
   * True while frames that were captured some time ago still come in: wall clock time is ahead of them then, and what looks
   * unanswered may have its answer on the way.
   */
  get lagging(): boolean {
    return this.#lagging;
  }

  /** The interfaces that are captured at the moment, and those that are not. */
  get captured(): readonly string[] {
    return this.capturing ? [this.name] : [];
  }

  get missed(): readonly string[] {
    return this.capturing ? [] : [this.name];
  }

  get evenMillis(): number {
    return this.#clock.even(performance.now());
  }

  get #over(): boolean {
    return this.#runOptions.signal?.aborted === true || this.#full;
  }

  get #full(): boolean {
    return this.#options.maxFrames !== null && this.frames >= this.#options.maxFrames;
  }

  #report({ code, message }: CaptureError): void {
    const frame = this.frames === 0 ? null : this.frames;
    if (this.problems.length < MAX_PROBLEMS) this.problems.push({ code, message, offset: null, frame });
    else {
      const more = `${++this.#untold} more, the last of them: ${message}`;
      this.problems[MAX_PROBLEMS - 1] = { code, message: more, offset: null, frame };
    }
  }

  /** Waits for the interface, at least some time, or for the end of the run. */
  async #waitForReturn(leastMillis: number): Promise<void> {
    const begun = performance.now();
    do {
      this.#clock.look(Date.now(), performance.now());
      await new Promise((resolve) => setTimeout(resolve, RETURN_MILLIS));
      await this.#runOptions.onPause?.(this);
    } while (
      !this.#over &&
      (performance.now() - begun < leastMillis || ['down', 'missing'].includes(interfaceState(this.name)))
    );
  }

  /** Reports the gap, now that frames are captured again. */
  #endGap(): void {
    if (this.#gap === null) return;
    const { error, sinceMillis } = this.#gap;
    this.#gap = null;
    const [since, until] = [new Date(sinceMillis).toISOString(), new Date().toISOString()];
    this.#report(new CaptureError('capture-gap', `${error.message}: nothing was captured from ${since} to ${until}`));
  }

  /** Runs a capturer to its end. */
  async #capture(backend: Backend, filter: string): Promise<Ending> {
    const { interface: name, snapLength, tunnelPorts } = this.#options;
    const bufferBytes = this.#options.bufferBytes ?? CAPTURERS[backend].bufferBytes;
    const delayMillis = CAPTURERS[backend].delayMillis({ snapLength, bufferBytes });
    // Where the number of frames has a bound each is handed out.
    const stream = new PcapStream(this.#options.maxFrames === null ? this.#skipper : null, this.frames);
    const begunMillis = Date.now();
    let interfaceIndex = -1;
    let refilter: string | null = null;
    const lateMillis = Math.max(LAG_MILLIS, delayMillis);
    let lastArrival = 0;
    let lastFrameMillis = 0;
    /** How old the newest frame was when it came. */
    let lastAge = 0;
    /** What a handler of frames threw. */
    let failure: { error: unknown } | null = null;

    const meet = (number: number, seconds: number, nanos: number): void => {
      this.frames = number;
      lastFrameMillis = seconds * 1000 + nanos / 1_000_000;
      this.#clock.meet(lastFrameMillis, lastArrival);
    };
    const onFrame = (frame: Frame): void => {
      if (this.#full) return;
      frame.interfaceIndex = interfaceIndex;
      meet(frame.number, frame.seconds, frame.nanos);
      this.#onFrame(frame);
    };
    const onOpen = (opened: CaptureInterface): void => {
      const wanted = this.#options.filter ?? (filter === '' ? '' : captureFilter(opened.linkType, tunnelPorts));
      if (wanted !== filter) {
        refilter = wanted;
        run.stop();
        return;
      }
      interfaceIndex = this.interfaces.findIndex(({ linkType }) => linkType === opened.linkType);
      if (interfaceIndex === -1) interfaceIndex = this.interfaces.push({ ...opened, name }) - 1;
      this.#endGap();
      this.capturing = true;
      this.starts++;
      this.delayMillis = delayMillis;
      this.#options.onEvent?.({ type: 'started', backend, filter, linkType: opened.linkType, delayMillis });
    };
    const run = new CapturerRun(
      backend,
      { interface: name, filter, snapLength, bufferBytes },
      {
        onBytes: (bytes) => {
          if (refilter !== null || failure !== null) return;
          lastArrival = performance.now();
          this.#clock.look(Date.now(), lastArrival);
          this.bytesRead += bytes.length;
          const before = this.frames;
          try {
            stream.push(bytes, onOpen, onFrame);
            // The clock meets the last of those that were passed over.
            const { passed } = stream;
            if (stream.frames > this.frames && passed !== null && !this.#full)
              meet(stream.frames, passed.seconds, passed.nanos);
            if (this.frames > before) lastAge = this.#clock.age(lastFrameMillis, lastArrival);
          } catch (error) {
            failure = { error };
          }
          if (this.#full || stream.damage !== null || failure !== null) run.stop();
        },
        newest: () => ({ stampMillis: lastFrameMillis, wasLate: lastAge > lateMillis }),
        onDrops: (drops) => {
          this.drops = this.#earlierDrops + drops;
        },
      },
    );
    let holding = false;
    /** When frames could come again after they were held back for longer than a tick. */
    let lastHeld = -Infinity;
    const tick = setInterval(() => {
      const now = performance.now();
      this.#clock.look(Date.now(), now);
      const comes = now - Math.max(lastArrival, lastHeld) < LAG_LASTS_MILLIS;
      this.lagMillis = comes ? Math.max(0, lastAge) : 0;
      this.#lagging = (comes && lastAge > lateMillis) || now - lastHeld < LAG_LASTS_MILLIS;
      const wait = holding ? undefined : this.#runOptions.onPause?.(this);
      if (wait === undefined) return;
      holding = true;
      void run.hold(wait).finally(() => {
        holding = false;
        if (performance.now() - now > TICK_MILLIS) lastHeld = performance.now();
      });
    }, TICK_MILLIS);
    const stop = () => run.finish();
    this.#runOptions.signal?.addEventListener('abort', stop);
    if (this.#runOptions.signal?.aborted) stop();

    const error = await run.ended;
    this.capturing = false;
    clearInterval(tick);
    this.#runOptions.signal?.removeEventListener('abort', stop);
    this.#earlierDrops = this.drops ?? 0;
    if (failure !== null) throw (failure as { error: unknown }).error;
    if (refilter !== null) return { kind: 'refilter', filter: refilter };
    // When a frame arrives here says nothing: it may have waited in the capturer while the interface went down.
    const lastStampMillis = CAPTURERS[backend].stamps === 'kernel' ? lastFrameMillis : 0;
    const lastGoodMillis = Math.max(run.lastGoodMillis ?? begunMillis, lastStampMillis);
    if (error !== null) return { kind: 'failed', error, started: stream.opened, lastGoodMillis };
    if (stream.damage !== null) {
      const broken = new CaptureError('capturer-failed', `${name} is no longer captured: ${backend}: ${stream.damage}`);
      return { kind: 'failed', error: broken, started: true, lastGoodMillis };
    }
    return { kind: 'done' };
  }
}

/** Cuts what comes in pieces into the records of one pcap stream. */
class PcapStream {
  #bytes: Uint8Array;
  #length = 0;
  #reader: PcapReader | null = null;
  readonly #skipper: RecordSkipper | null;
  readonly #before: number;

  /** `skipper`: passes over frames, and has the memory for the pieces. `before`: frames before this stream, whose numbers run on. */
  constructor(skipper: RecordSkipper | null, before: number) {
    this.#skipper = skipper;
    this.#before = before;
    this.#bytes = skipper?.bytes ?? Buffer.allocUnsafe(1 << 18);
  }

  get opened(): boolean {
    return this.#reader !== null;
  }

  /** Number of the last frame. */
  get frames(): number {
    return this.#reader?.frames ?? this.#before;
  }

  /** When the last frame was captured that was passed over; null where none can be. */
  get passed(): { readonly seconds: number; readonly nanos: number } | null {
    return this.#skipper?.passed ?? null;
  }

  /** What in it cannot be read; nothing more is read then. */
  get damage(): string | null {
    return this.#reader?.damage?.message ?? null;
  }

  push(piece: Uint8Array, onOpen: (opened: CaptureInterface) => void, onFrame: FrameHandler): void {
    for (let from = 0; from < piece.length && this.damage === null; ) {
      // A record that is longer than the memory.
      if (this.#length === this.#bytes.length) this.#grow();
      const count = Math.min(piece.length - from, this.#bytes.length - this.#length);
      this.#bytes.set(piece.subarray(from, from + count), this.#length);
      this.#length += count;
      from += count;
      this.#read(onOpen, onFrame);
    }
  }

  #read(onOpen: (opened: CaptureInterface) => void, onFrame: FrameHandler): void {
    const bytes = this.#bytes;
    let start = 0;
    if (this.#reader === null) {
      if (this.#length < PCAP_HEADER_LENGTH) return;
      this.#reader = new PcapReader(bytes, 0);
      this.#reader.frames = this.#before;
      start = PCAP_HEADER_LENGTH;
      onOpen(this.#reader.interfaces[0]!);
    }
    const skipper = this.#skipper !== null && bytes === this.#skipper.bytes ? this.#skipper : undefined;
    start = this.#reader.read(bytes, start, this.#length, onFrame, skipper);
    bytes.copyWithin(0, start, this.#length);
    this.#length -= start;
  }

  #grow(): void {
    const larger = Buffer.allocUnsafe(this.#bytes.length * 2);
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
