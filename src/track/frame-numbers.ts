const WRAP = 0x1_0000_0000;

/**
 * Frame numbers are kept as words of 32 bits, and a capture may have more frames than those can count. What is kept is of the
 * past, so a word stands for the newest number that it can: exact for whatever lies less than 2^32 frames back.
 */
export class FrameNumbers {
  /** The highest number that has been met. */
  #latest = 0;

  meet(frame: number): void {
    if (frame > this.#latest) this.#latest = frame;
  }

  /** The number that was kept as this word. */
  widen(word: number): number {
    const latest = this.#latest;
    return latest < WRAP ? word >>> 0 : latest - (((latest % WRAP) - (word >>> 0)) >>> 0);
  }
}

/** A frame's number as a word that is not 0, which is no frame: one in four thousand million is told as the one before it. */
export const wordOf = (frame: number): number => frame | 0 || -1;
