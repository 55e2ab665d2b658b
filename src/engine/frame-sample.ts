/** Most frames that a finding lists. */
export const MAX_FINDING_FRAMES = 100;
const HALF = MAX_FINDING_FRAMES / 2;

/** Of a list of frames the first and the last, where it is longer than `most`; `omitted` are left out of it already. */
export function sampleFrames(
  frames: readonly number[],
  omitted: number,
  most: number,
): { readonly frames: number[]; readonly framesOmitted: number } {
  const left = Math.max(0, frames.length - most);
  const front = left === 0 ? frames.length : Math.ceil(most / 2);
  return { frames: [...frames.slice(0, front), ...frames.slice(front + left)], framesOmitted: omitted + left };
}

/** The first and the last frames of something that may go on without end, and how many there were. */
export class FrameSample {
  count = 0;
  readonly #first: number[] = [];
  /** A ring once it is full. Bound: HALF, as the first. */
  readonly #last: number[] = [];

  add(frame: number): void {
    if (this.count < HALF) this.#first.push(frame);
    else this.#last[(this.count - HALF) % HALF] = frame;
    this.count++;
  }

  /** In order; at most MAX_FINDING_FRAMES. */
  list(): number[] {
    const start = this.omitted === 0 ? 0 : this.count % HALF;
    return [...this.#first, ...this.#last.slice(start), ...this.#last.slice(0, start)];
  }

  /** How many the list leaves out. */
  get omitted(): number {
    return Math.max(0, this.count - MAX_FINDING_FRAMES);
  }
}
