import { FrameNumbers } from './frame-numbers.ts';

/**
 * Frame numbers of many exchanges, kept as runs of consecutive numbers in one pool: a conversation of a million
 * segments that nobody interrupts is one run. A list is the index of its first run; 0 is none.
 *
 * Bounds: a list keeps the runs of its first and of its last `most` / 2 frames and counts what was between them, so it has
 * `most` runs at most, however long its exchange goes on. The pool holds `limit` runs, and `lists` more for the first run
 * of a list each; a list that finds the pool full forgets its own oldest run behind the first ones.
 */
const WORDS = 4;
const FIRST = 0;
const LAST = 1;
const NEXT = 2;
/** In a list's first run: the number of its runs, or the index of its gap, negative. */
const RUNS = 3;

/** Where a list has left something out. */
interface Gap {
  /** The run before the gap. */
  readonly before: number;
  /** Runs behind it. */
  behind: number;
  /** Frames left out. */
  frames: number;
}

export class FrameRuns {
  #words = new Int32Array(256 * WORDS);
  #used = 1;
  #free = 0;
  /** Runs in use. */
  #size = 0;
  readonly #limit: number;
  readonly #lists: number;
  readonly #most: number;
  readonly #front: number;
  readonly #back: number;
  readonly #gaps: (Gap | undefined)[] = [undefined];
  readonly #freeGaps: number[] = [];

  readonly #numbers: FrameNumbers;

  /** `most`: of one list, how many frames list() gives. */
  constructor(limit: number, lists: number, most: number, numbers = new FrameNumbers()) {
    this.#numbers = numbers;
    this.#limit = limit;
    this.#lists = lists;
    this.#most = most;
    this.#front = Math.max(1, Math.ceil(most / 2));
    this.#back = Math.max(1, Math.floor(most / 2));
  }

  /** A new list of one frame; 0 when there are too many lists. */
  create(frame: number): number {
    const run = this.#take(this.#limit + this.#lists, frame);
    if (run !== 0) this.#words[run * WORDS + RUNS] = 1;
    return run;
  }

  /** Adds a frame, mostly a later one, after the list's last run; returns the last run now. */
  append(first: number, last: number, frame: number): number {
    const base = last * WORDS;
    const end = this.#words[base + LAST];
    if ((frame | 0) === end) return last;
    // A run that is as long as words can tell ends.
    if ((frame | 0) === ((end + 1) | 0) && this.#lengthOf(last) < 0xffff_ffff) {
      this.#words[base + LAST] = frame;
      return last;
    }
    const runs = this.#words[first * WORDS + RUNS];
    if (runs < 0) return this.#appendBehind(this.#gaps[-runs] as Gap, last, frame);
    const run = runs < this.#front + this.#back ? this.#take(this.#limit, frame) : 0;
    if (run === 0) return this.#appendBehind(this.#openGap(first, runs), last, frame);
    this.#words[base + NEXT] = run;
    this.#words[first * WORDS + RUNS] = runs + 1;
    return run;
  }

  /** Gives a list back to the pool. */
  release(first: number): void {
    if (first === 0) return;
    const runs = this.#words[first * WORDS + RUNS];
    if (runs < 0) {
      this.#gaps[-runs] = undefined;
      this.#freeGaps.push(-runs);
    }
    for (let run = first; run !== 0; ) {
      const next = this.#words[run * WORDS + NEXT];
      this.#words[run * WORDS + NEXT] = this.#free;
      this.#free = run;
      this.#size--;
      run = next;
    }
  }

  /** All frames of the list, those left out too. */
  count(first: number): number {
    if (first === 0) return 0;
    const runs = this.#words[first * WORDS + RUNS];
    let count = runs < 0 ? (this.#gaps[-runs] as Gap).frames : 0;
    for (let run = first; run !== 0; run = this.#words[run * WORDS + NEXT]) count += this.#lengthOf(run);
    return count;
  }

  /** The frames, ascending: at most the first and the last of them. */
  list(first: number): number[] {
    const runs: number[] = [];
    let kept = 0;
    for (let run = first; run !== 0; run = this.#words[run * WORDS + NEXT]) {
      runs.push(run);
      kept += this.#lengthOf(run);
    }
    const wanted = Math.min(kept, this.#most);
    const front = Math.min(wanted, kept > wanted ? Math.ceil(wanted / 2) : wanted);
    const frames: number[] = [];
    for (let i = 0; frames.length < front; i++) {
      const base = runs[i]! * WORDS;
      const end = this.#numbers.widen(this.#words[base + LAST]);
      for (let frame = end - this.#lengthOf(runs[i]!) + 1; frame <= end && frames.length < front; frame++)
        frames.push(frame);
    }
    for (let i = runs.length - 1; frames.length < wanted; i--) {
      const base = runs[i]! * WORDS;
      const end = this.#numbers.widen(this.#words[base + LAST]);
      const start = end - this.#lengthOf(runs[i]!) + 1;
      for (let frame = end; frame >= start && frames.length < wanted; frame--) frames.push(frame);
    }
    // Fragments that came before a segment could be read are added with it, so behind frames of the meantime.
    return frames.sort((a, b) => a - b);
  }

  #appendBehind(gap: Gap, last: number, frame: number): number {
    const words = this.#words;
    let run = gap.behind < this.#back ? this.#take(this.#limit, frame) : 0;
    let end = last;
    if (run === 0) {
      if (gap.behind === 0) {
        gap.frames++;
        return last;
      }
      run = words[gap.before * WORDS + NEXT];
      gap.frames += this.#lengthOf(run);
      gap.behind--;
      words[gap.before * WORDS + NEXT] = words[run * WORDS + NEXT];
      if (end === run) end = gap.before;
      this.#fill(run, frame);
    }
    this.#words[end * WORDS + NEXT] = run;
    gap.behind++;
    return run;
  }

  /** From now on the list leaves out what is neither among its first nor among its last. */
  #openGap(first: number, runs: number): Gap {
    const front = Math.min(runs, this.#front);
    let before = first;
    for (let i = 1; i < front; i++) before = this.#words[before * WORDS + NEXT];
    const gap = { before, behind: runs - front, frames: 0 };
    const index = this.#freeGaps.pop() ?? this.#gaps.length;
    this.#gaps[index] = gap;
    this.#words[first * WORDS + RUNS] = -index;
    return gap;
  }

  /** A run with one frame; 0 when `limit` are in use. */
  #take(limit: number, frame: number): number {
    if (this.#size >= limit) return 0;
    let run = this.#free;
    if (run !== 0) this.#free = this.#words[run * WORDS + NEXT];
    else {
      run = this.#used++;
      if (run * WORDS >= this.#words.length) {
        const grown = new Int32Array(this.#words.length * 2);
        grown.set(this.#words);
        this.#words = grown;
      }
    }
    this.#size++;
    this.#fill(run, frame);
    return run;
  }

  #fill(run: number, frame: number): void {
    const base = run * WORDS;
    this.#words[base + FIRST] = frame;
    this.#words[base + LAST] = frame;
    this.#words[base + NEXT] = 0;
    this.#words[base + RUNS] = 0;
  }

  #lengthOf(run: number): number {
    const base = run * WORDS;
    return ((this.#words[base + LAST] - this.#words[base + FIRST]) >>> 0) + 1;
  }
}
