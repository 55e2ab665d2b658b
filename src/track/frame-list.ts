/**
 * Frame numbers of many exchanges, kept as runs of consecutive numbers in one pool: a conversation of a million
 * segments that nobody interrupts is one run. A list is the index of its first run; 0 is none.
 */
const WORDS = 3;
const FIRST = 0;
const LAST = 1;
const NEXT = 2;

export class FrameRuns {
  #words = new Int32Array(256 * WORDS);
  #used = 1;
  #free = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** A new run with one frame; 0 when the pool is at its limit. */
  create(frame: number): number {
    let run = this.#free;
    if (run !== 0) this.#free = this.#words[run * WORDS + NEXT];
    else {
      if (this.#used >= this.#limit) return 0;
      run = this.#used++;
      if (run * WORDS >= this.#words.length) {
        const grown = new Int32Array(Math.min(this.#words.length * 2, this.#limit * WORDS));
        grown.set(this.#words);
        this.#words = grown;
      }
    }
    const base = run * WORDS;
    this.#words[base + FIRST] = frame;
    this.#words[base + LAST] = frame;
    this.#words[base + NEXT] = 0;
    return run;
  }

  /** Adds a frame, mostly a later one, after the list's last run; returns the last run now, or 0 when the pool is at its limit. */
  append(last: number, frame: number): number {
    const base = last * WORDS;
    const end = this.#words[base + LAST] >>> 0;
    if (frame === end) return last;
    if (frame === end + 1) {
      this.#words[base + LAST] = frame;
      return last;
    }
    const run = this.create(frame);
    if (run !== 0) this.#words[base + NEXT] = run;
    return run;
  }

  /** Gives a list back to the pool. */
  release(first: number): void {
    for (let run = first; run !== 0; ) {
      const next = this.#words[run * WORDS + NEXT];
      this.#words[run * WORDS + NEXT] = this.#free;
      this.#free = run;
      run = next;
    }
  }

  count(first: number): number {
    let count = 0;
    for (let run = first; run !== 0; run = this.#words[run * WORDS + NEXT]) {
      count += (this.#words[run * WORDS + LAST] >>> 0) - (this.#words[run * WORDS + FIRST] >>> 0) + 1;
    }
    return count;
  }

  /** The frames, ascending. */
  list(first: number): number[] {
    const frames: number[] = [];
    let isSorted = true;
    for (let run = first; run !== 0; run = this.#words[run * WORDS + NEXT]) {
      const end = this.#words[run * WORDS + LAST] >>> 0;
      const start = this.#words[run * WORDS + FIRST] >>> 0;
      if (frames.length > 0 && start < frames[frames.length - 1]) isSorted = false;
      for (let frame = start; frame <= end; frame++) frames.push(frame);
    }
    // Fragments that came before a segment could be read are added with it, so behind frames of the meantime.
    return isSorted ? frames : frames.sort((a, b) => a - b);
  }
}
