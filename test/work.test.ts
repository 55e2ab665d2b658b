/** What work grows with: counted, since a busy machine's clock tells nothing. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import type { Timed } from './support/segments.ts';
import { countWork } from './support/work.ts';

// Behind the import that counts, so that their loops are counted.
const { FrameRing } = await import('../src/analysis/frame-ring.ts');
const { Frame } = await import('../src/capture/source.ts');
const { loadConfig } = await import('../src/config/load.ts');
const { EndSketch } = await import('../src/report/model/overview/end-sketch.ts');
const { play, segment } = await import('./support/segments.ts');

const folder = mkdtempSync(join(tmpdir(), 'portzero-work-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it('is counted, loops too', async () => {
  const state = new EndSketch(64);
  const add = (times: number) => () => {
    for (let i = 0; i < times; i++) state.add(Uint32Array.of(4, 7, 0, 0, 0), 0, 0);
  };
  const few = await countWork(add(100));
  const many = await countWork(add(10_000));
  expect(few).toBeGreaterThan(100);
  expect(many / few).toBeGreaterThan(50);
  expect(many / few).toBeLessThan(101);
});

it('of a full ring of frames is the same for each frame: taking off the oldest is no search', async () => {
  const frame = new Frame();
  frame.bytes = new Uint8Array(100);
  frame.capturedLength = frame.wireLength = 100;
  const fill = (frames: number) => () => {
    const ring = new FrameRing(1 << 20, (number) => ring.letGo(number));
    for (let number = 1; number <= frames; number++) {
      frame.number = number;
      ring.push(frame);
      ring.flag(number);
    }
  };
  const few = await countWork(fill(20_000));
  expect(await countWork(fill(200_000))).toBeLessThan(few * 15);
});

it('of the ends of most exchanges grows with the exchanges, not with the places', async () => {
  const words = (end: number) => Uint32Array.of(4, 0xc0000200 + end, 0, 0, 0);
  // A staircase of counts, then newcomers that each raise the least one: the dearest stream for the search of the least.
  const newcomers = async (places: number) => {
    const sketch = new EndSketch(places);
    for (let end = 0; end < places; end++) for (let i = 0; i <= end; i++) sketch.add(words(end), 0, 0);
    return countWork(() => {
      for (let i = 0; i < 20_000; i++) sketch.add(words(10_000 + i), 0, 0);
    });
  };
  const few = await newcomers(128);
  expect(await newcomers(1024)).toBeLessThan(few * 3);
});

it('of keys that nobody knows grows with their number only', async () => {
  const load = (count: number) => async () => {
    const path = join(folder, 'portzero.config.json');
    writeFileSync(path, JSON.stringify(Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, 1]))));
    const problems = await loadConfig({ cwd: folder, path }).then(
      () => [],
      (error: { problems: unknown[] }) => error.problems,
    );
    expect(problems).toHaveLength(count);
  };
  const few = await countWork(load(1000));
  expect(await countWork(load(10_000))).toBeLessThan(few * 15);
});

const isnOf = (i: number) => (Math.imul(i + 1, 0x9e3779b1) >>> 0) + (i & 1);

it('of the many attempts on one 4-tuple is that of as many on ends of their own', async () => {
  const count = 5000;
  const attempts = (endsOf: (i: number) => string, replyOf: (i: number) => string) => {
    const packets: Timed[] = [];
    for (let i = 0; i < count; i++) packets.push([i / 1e5, segment(endsOf(i), 'S', { sequence: isnOf(i) })]);
    for (let i = 0; i < count; i++)
      packets.push([1 + i / 1e5, segment(replyOf(i), 'RA', { acknowledgment: isnOf(i) + 1 })]);
    const settled: string[] = [];
    const options = { end: 9, maxExchanges: 100_000 };
    return countWork(() => {
      play(packets, { ...options, sink: { settled: ({ verdict }) => void settled.push(verdict) } });
      expect(settled.filter((verdict) => verdict === 'refused')).toHaveLength(count);
    });
  };
  const apart = await attempts(
    (i) => `10.0.0.1:${i + 1} > 10.0.0.2:0`,
    (i) => `10.0.0.2:0 > 10.0.0.1:${i + 1}`,
  );
  const together = await attempts(
    () => '10.0.0.1:40000 > 10.0.0.2:0',
    () => '10.0.0.2:0 > 10.0.0.1:40000',
  );
  // Quadratic would be hundreds of times.
  expect(together).toBeLessThan(apart * 4);
});

it('of a flood in many scopes is that of a flood in few', async () => {
  const count = 5000;
  const flood = (scopes: number) => {
    const packets: Timed[] = Array.from({ length: count }, (_, i) => [
      i / 1e5,
      segment('10.0.0.1:40000 > 10.0.0.2:0', 'S', {
        scope: i % scopes,
        ipId: i & 0xffff,
        sequence: i % scopes === 0 ? i : 7,
      }),
    ]);
    return countWork(() => play(packets, { end: 1, maxExchanges: 100_000, sink: {} }));
  };
  const few = await flood(2);
  expect(await flood(5000)).toBeLessThan(few * 4);
});
