import {
  addDrops,
  type CaptureInterface,
  type CaptureProblem,
  type Frame,
  type FrameHandler,
  type FrameSource,
  type RunOptions,
} from '../source.ts';
import { HeldFrames } from './held-frames.ts';
import { type LiveEvent, type LiveOptions, LiveSource } from './live-source.ts';

/** A frame waits this long for an earlier one of another interface, beside the time that a capturer may keep it. */
const HOLD_MILLIS = 50;
const RELEASE_MILLIS = 10;
/** So long the first frames wait for the last capturer to begin. */
const START_MILLIS = 3000;
/** Most bytes that wait; beyond it the oldest is handed out, in its turn or not. */
const MAX_HELD_BYTES = 32 * 1024 * 1024;

interface Member {
  readonly source: LiveSource;
  readonly held: HeldFrames;
  /** Of the group, by its own. */
  readonly interfaces: number[];
  started: boolean;
  ended: boolean;
}

export interface LiveGroupOptions extends Omit<LiveOptions, 'interface' | 'onEvent' | 'tellsClock'> {
  readonly interfaces: readonly string[];
  readonly onEvent?: (event: LiveEvent, name: string) => void;
}

/**
 * Frames of several interfaces as of one capture: each has a capturer of its own, and their frames come in the order of their times, so
 * that a question on the one and its answer on the other (a tap has a port a direction) meet. While one interface is lost the others go on.
 */
export class LiveGroup implements FrameSource {
  readonly format = 'live';
  readonly compression = null;
  readonly totalBytes = null;
  readonly name: string;
  readonly interfaces: CaptureInterface[] = [];
  /** Frames handed out. */
  frames = 0;

  readonly #options: LiveGroupOptions;
  readonly #members: Member[];
  #onFrame: FrameHandler = () => {};
  #begun = 0;
  #holdMillis = HOLD_MILLIS;
  readonly #stop = new AbortController();
  /** What a handler of frames threw. */
  #failure: { readonly error: unknown } | null = null;

  constructor({ interfaces, onEvent, ...options }: LiveGroupOptions) {
    this.#options = { interfaces, ...(onEvent === undefined ? {} : { onEvent }), ...options };
    this.name = interfaces.join(', ');
    this.#members = interfaces.map((name) => {
      const member: Member = {
        source: new LiveSource({
          ...options,
          interface: name,
          maxFrames: null,
          onEvent: (event) => this.#hear(member, event),
          // All have the same clock.
          tellsClock: () => this.#members.find(({ ended }) => !ended) === member,
        }),
        held: new HeldFrames(),
        interfaces: [],
        started: false,
        ended: false,
      };
      return member;
    });
  }

  get problems(): readonly CaptureProblem[] {
    // Frames have other numbers here.
    return this.#members.flatMap(({ source }) => source.problems.map((problem) => ({ ...problem, frame: null })));
  }

  get drops(): number | null {
    return this.#members.reduce<number | null>((sum, { source }) => addDrops(sum, source.drops) as number | null, null);
  }

  get bytesRead(): number {
    return this.#members.reduce((sum, { source }) => sum + source.bytesRead, 0);
  }

  get captured(): readonly string[] {
    return this.#members.flatMap(({ source }) => source.captured);
  }

  get missed(): readonly string[] {
    return this.#members.flatMap(({ source }) => source.missed);
  }

  get starts(): number {
    return this.#members.reduce((sum, { source }) => sum + source.starts, 0);
  }

  get clockSteps(): number {
    return this.#members.reduce((sum, { source }) => sum + source.clockSteps, 0);
  }

  get lagging(): boolean {
    return this.#members.some(({ source }) => source.lagging);
  }

  get lagMillis(): number {
    return Math.max(...this.#members.map(({ source }) => source.lagMillis));
  }

  get evenMillis(): number {
    return this.#members[0]!.source.evenMillis - this.#holdMillis;
  }

  async run(onFrame: FrameHandler, { signal, onPause }: RunOptions = {}): Promise<void> {
    this.#onFrame = onFrame;
    this.#begun = performance.now();
    const stop = () => this.#stop.abort();
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) stop();
    const timer = setInterval(() => this.#release(false), RELEASE_MILLIS);
    try {
      await Promise.all(
        this.#members.map(async (member) => {
          await member.source.run((frame) => this.#hold(member, frame), {
            signal: this.#stop.signal,
            onPause: () => onPause?.(this),
          });
          member.ended = true;
          this.#tellEnd(member);
        }),
      );
    } finally {
      clearInterval(timer);
      signal?.removeEventListener('abort', stop);
    }
    this.#release(true);
    if (this.#failure !== null) throw this.#failure.error;
  }

  #hear(member: Member, event: LiveEvent): void {
    if (event.type === 'started') {
      member.started = true;
      this.#holdMillis = Math.max(this.#holdMillis, HOLD_MILLIS + event.delayMillis);
      this.#interfaceOf(member, member.source.interfaces.length - 1);
    }
    this.#options.onEvent?.(event, member.source.name);
  }

  /** An interface that is lost is not waited for by the others, but told at once. */
  #tellEnd({ source }: Member): void {
    const left = this.#members.filter(({ ended }) => !ended).map((other) => other.source.name);
    const reason = source.problems.at(-1)?.message;
    if (left.length === 0 || this.#stop.signal.aborted) return;
    const words = reason ?? `${source.name} is no longer captured`;
    this.#options.onEvent?.({ type: 'lost', reason: words, left }, source.name);
  }

  #interfaceOf(member: Member, index: number): number {
    member.interfaces[index] ??= this.interfaces.push(member.source.interfaces[index]!) - 1;
    return member.interfaces[index];
  }

  #hold(member: Member, frame: Frame): void {
    frame.interfaceIndex = this.#interfaceOf(member, frame.interfaceIndex);
    member.held.push(frame, performance.now());
    if (this.#isFull) this.#release(false);
  }

  get #isFull(): boolean {
    return this.#members.reduce((sum, { held }) => sum + held.length, 0) > MAX_HELD_BYTES;
  }

  /** Hands out what no earlier frame can be missing for, or all. */
  #release(all: boolean): void {
    try {
      for (let first = this.#first(); first !== null; first = this.#first()) {
        if (!all && this.#mustWait(first)) return;
        first.held.shift((frame) => this.#handOut(frame));
      }
    } catch (error) {
      this.#failure ??= { error };
      this.#stop.abort();
    }
  }

  #handOut(frame: Frame): void {
    const { maxFrames } = this.#options;
    if (this.#failure !== null || (maxFrames !== null && this.frames >= maxFrames)) return;
    frame.number = ++this.frames;
    this.#onFrame(frame);
    if (this.frames === maxFrames) this.#stop.abort();
  }

  /** The one with the earliest frame. */
  #first(): Member | null {
    let first: Member | null = null;
    for (const member of this.#members) {
      if (member.held.length > 0 && (first === null || member.held.isBefore(first.held))) first = member;
    }
    return first;
  }

  #mustWait(first: Member): boolean {
    const others = this.#members.filter((member) => member !== first && !member.ended && member.held.length === 0);
    if (others.length === 0 || this.#isFull) return false;
    const now = performance.now();
    if (now - first.held.arrival < this.#holdMillis) return true;
    return others.some(({ started }) => !started) && now - this.#begun < START_MILLIS;
  }
}
