import { describe, expect, it } from 'vitest';
import { FrameRing } from '../src/analysis/frame-ring.ts';
import { Frame } from '../src/capture/source.ts';

/** A frame of these bytes. */
function frameOf(number: number, size: number): Frame {
  const frame = new Frame();
  frame.bytes = Uint8Array.from({ length: size + 8 }, (_, index) => (number + index) & 0xff);
  frame.offset = 4;
  frame.capturedLength = size;
  frame.wireLength = size + 100;
  frame.seconds = 1_795_000_000 + number;
  frame.nanos = number % 1e9;
  frame.number = number;
  frame.timeDigits = 9;
  frame.interfaceIndex = number % 3;
  return frame;
}

const KIB = 1024;

describe('FrameRing', () => {
  it('gives back what was put in, as long as there is room', () => {
    const ring = new FrameRing(64 * KIB, () => {});
    for (let number = 1; number <= 100; number++) ring.push(frameOf(number, 60));
    for (let number = 1; number <= 100; number++) {
      const { bytes, offset, capturedLength, ...rest } = ring.read(number)!;
      expect([...bytes.subarray(offset, offset + capturedLength)]).toEqual(
        Array.from({ length: 60 }, (_, index) => (number + 4 + index) & 0xff),
      );
      expect(rest).toEqual({
        wireLength: 160,
        seconds: 1_795_000_000 + number,
        nanos: number,
        timeDigits: 9,
        direction: 0,
        fcsLength: 0,
        interfaceIndex: number % 3,
      });
    }
    expect([ring.read(0), ring.read(101)]).toEqual([null, null]);
  });

  it('holds no more bytes than it may, however many and long the frames are, and the newest ones', () => {
    const ring = new FrameRing(64 * KIB, () => {});
    for (let number = 1; number <= 20_000; number++) {
      ring.push(frameOf(number, number % 97 === 0 ? 3000 : 60));
      expect(ring.bytes).toBeLessThanOrEqual(64 * KIB);
    }
    expect(ring.has(1)).toBe(false);
    let held = 0;
    while (ring.has(20_000 - held)) held++;
    // 92 bytes a frame, 3,032 for every 97th: what 64 KiB less a chunk or two hold.
    expect(held).toBeGreaterThan(350);
  });

  it('takes a frame that is longer than all of it', () => {
    const ring = new FrameRing(KIB, () => {});
    ring.push(frameOf(1, 60));
    ring.push(frameOf(2, 5000));
    expect([ring.has(1), ring.has(2)]).toEqual([false, true]);
  });

  it('knows numbers that are left out, few or many', () => {
    const ring = new FrameRing(64 * KIB, () => {});
    const numbers = [1, 2, 5, 1000, 1_000_000, 1_000_001, 5_000_000_000];
    for (const number of numbers) ring.push(frameOf(number, 60));
    expect(numbers.filter((number) => ring.has(number))).toEqual(numbers);
    expect([3, 999, 1001, 999_999, 4_999_999_999].filter((number) => ring.has(number))).toEqual([]);
  });

  it('tells of a flagged frame before it goes, once, and of no other', () => {
    const fallen: number[] = [];
    const ring: FrameRing = new FrameRing(64 * KIB, (number) => {
      expect(ring.read(number)!.nanos).toBe(number);
      fallen.push(number);
    });
    for (let number = 1; number <= 3000; number++) {
      ring.push(frameOf(number, 60));
      if (number % 100 === 0) expect([ring.flag(number), ring.flag(number)]).toEqual([true, false]);
      if (number % 200 === 0) ring.letGo(number);
    }
    expect(fallen.length).toBeGreaterThan(5);
    expect(fallen).toEqual(fallen.filter((number) => number % 200 === 100).sort((a, b) => a - b));
  });

  it('remembers what was written when the frame has gone', () => {
    const ring = new FrameRing(64 * KIB, () => {});
    ring.push(frameOf(1, 60));
    ring.letGo(1);
    for (let number = 2; number <= 10_000; number++) ring.push(frameOf(number, 60));
    expect([ring.has(1), ring.wasWritten(1), ring.wasWritten(2)]).toEqual([false, true, false]);
    // As far back as it goes.
    ring.push(frameOf(20_000_000, 60));
    expect(ring.wasWritten(1)).toBe(false);
  });
});
