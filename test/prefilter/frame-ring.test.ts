import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Frame } from '../../src/capture/source.ts';
import { createRing, FrameRingReader, FrameRingWriter } from '../../src/prefilter/frame-ring.ts';
import { FrameTotals } from '../../src/prefilter/frame-totals.ts';

const FIELDS = [
  'number',
  'seconds',
  'nanos',
  'wireLength',
  'linkType',
  'timeDigits',
  'fcsLength',
  'interfaceIndex',
  'direction',
] as const;
type Sent = Record<(typeof FIELDS)[number], number> & { readonly bytes: Uint8Array };

function frameOf({ bytes, ...fields }: Sent): Frame {
  // The bytes lie somewhere in a larger buffer, as a reader hands them out.
  const buffer = new Uint8Array(bytes.length + 12);
  buffer.set(bytes, 5);
  return Object.assign(new Frame(), fields, { bytes: buffer, offset: 5, capturedLength: bytes.length });
}

function receivedOf(frame: Frame): Sent {
  const bytes = frame.bytes.slice(frame.offset, frame.offset + frame.capturedLength);
  return { ...(Object.fromEntries(FIELDS.map((field) => [field, frame[field]])) as Omit<Sent, 'bytes'>), bytes };
}

/** toEqual() looks at each byte by itself, which takes minutes. */
const comparable = ({ bytes, ...fields }: Sent) => ({ ...fields, bytes: Buffer.from(bytes).toString('latin1') });

const sentArbitrary: fc.Arbitrary<Sent> = fc.record({
  number: fc.integer({ min: 1, max: 2 ** 40 }),
  seconds: fc.integer({ min: -(2 ** 40), max: 2 ** 40 }),
  nanos: fc.integer({ min: 0, max: 999_999_999 }),
  wireLength: fc.integer({ min: 0, max: 0xffff_ffff }),
  linkType: fc.integer({ min: 0, max: 0xffff }),
  timeDigits: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(15)),
  fcsLength: fc.integer({ min: 0, max: 30 }),
  interfaceIndex: fc.integer({ min: 0, max: 65_535 }),
  direction: fc.integer({ min: 0, max: 2 }),
  bytes: fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    // Up to lengths that no block has room for.
    fc
      .tuple(fc.integer({ min: 200, max: 400_000 }), fc.integer({ min: 0, max: 255 }))
      .map(([length, seed]) => Uint8Array.from({ length }, (_, i) => (i * 31 + seed) & 0xff)),
  ),
});

describe('frame ring', () => {
  it('hands every frame over as it was, whatever its length', () => {
    fc.assert(
      fc.property(fc.array(sentArbitrary, { maxLength: 12 }), (sent) => {
        const memory = createRing();
        const totals = new FrameTotals();
        const long: Uint8Array[] = [];
        const writer = new FrameRingWriter(memory, totals, (bytes) => long.push(bytes));
        const reader = new FrameRingReader(memory, () => long.shift()!);
        const received: Sent[] = [];
        const take = () => {
          while (reader.take((frame) => received.push(receivedOf(frame)), 0));
        };
        for (const one of sent) {
          totals.frames++;
          totals.bytes += one.bytes.length;
          writer.put(frameOf(one));
          take();
        }
        expect(reader.isOver).toBe(false);
        writer.end();
        take();
        expect(reader.isOver).toBe(true);
        expect(received.map(comparable)).toEqual(sent.map(comparable));
        expect(reader.totals).toEqual(totals);
      }),
      { numRuns: 60 },
    );
  });

  it('lets the totals through when no frame passed', () => {
    const memory = createRing();
    const totals = Object.assign(new FrameTotals(), {
      frames: 7,
      bytes: 700,
      tcpSegments: 6,
      lastSeconds: 12,
      lastNanos: 5,
    });
    const writer = new FrameRingWriter(memory, totals, () => {});
    const reader = new FrameRingReader(memory, () => new Uint8Array());
    writer.publish();
    expect(reader.take(() => expect.unreachable(), 0)).toBe(true);
    expect(reader.totals).toEqual(totals);
    expect(reader.take(() => expect.unreachable(), 0)).toBe(false);
  });

  it('holds a writer up that is ahead, until the reader takes or wants no more', async () => {
    const memory = createRing();
    const count = 100_000;
    const writing = new Worker(
      `const { workerData } = require('node:worker_threads');
       import(workerData.ring).then(({ FrameRingWriter }) => {
         const writer = new FrameRingWriter(workerData.memory, { cells: new Float64Array(9) }, () => {});
         const bytes = new Uint8Array(100).fill(7);
         const frame = { bytes, offset: 0, capturedLength: 100, wireLength: 100, seconds: 1, nanos: 0, linkType: 1, timeDigits: 6, fcsLength: 0, interfaceIndex: 0 };
         for (let number = 1; number <= ${count}; number++) writer.put(Object.assign(frame, { number }));
         writer.end();
       });`,
      {
        eval: true,
        workerData: { memory, ring: new URL('../../build/prefilter/frame-ring.js', import.meta.url).href },
      },
    );
    const reader = new FrameRingReader(memory, () => new Uint8Array());
    let next = 1;
    // More than the ring holds: 100,000 records of 128 bytes in 8 MiB.
    while (!reader.isOver) reader.take((frame) => expect(frame.number).toBe(next++), 1000);
    expect(next - 1).toBe(count);
    await writing.terminate();
  });

  it('lets a writer go that waits for room when the reader wants no more', async () => {
    const memory = createRing();
    const writing = new Worker(
      `const { workerData } = require('node:worker_threads');
       import(workerData.ring).then(({ FrameRingWriter }) => {
         const writer = new FrameRingWriter(workerData.memory, { cells: new Float64Array(9) }, () => {});
         const frame = { bytes: new Uint8Array(1000), offset: 0, capturedLength: 1000, wireLength: 1000, seconds: 1, nanos: 0, linkType: 1, timeDigits: 6, fcsLength: 0, interfaceIndex: 0, number: 1 };
         while (!writer.isStopped) writer.put(frame);
       });`,
      {
        eval: true,
        workerData: { memory, ring: new URL('../../build/prefilter/frame-ring.js', import.meta.url).href },
      },
    );
    const ended = new Promise((resolve) => writing.once('exit', resolve));
    const reader = new FrameRingReader(memory, () => new Uint8Array());
    expect(reader.take(() => {}, 5000)).toBe(true);
    // By now it fills the ring up and waits, or will.
    await new Promise((resolve) => setTimeout(resolve, 50));
    reader.stop();
    expect(await ended).toBe(0);
  });
});
