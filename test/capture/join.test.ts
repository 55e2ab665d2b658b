import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join as joinPath } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { joinCaptures, sortByTime } from '../../src/capture/join.ts';
import { join, payload, pcap, pcapngBlocks } from '../support/capture-builder.ts';
import { collect } from '../support/read-capture.ts';

const folder = mkdtempSync(joinPath(tmpdir(), 'portzero-join-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
function file(name: string, bytes: Uint8Array): string {
  writeFileSync(joinPath(folder, name), bytes);
  return joinPath(folder, name);
}

const b = pcapngBlocks();
const at = (seconds: number, seed = 0) => ({ seconds, bytes: payload(40, seed) });
const newest = file('a', pcap([at(300), at(301)], { linkType: 101 }));
const oldest = file(
  'b',
  join(
    b.section(),
    b.interface({ linkType: 1 }),
    b.interface({ linkType: 113 }),
    b.enhanced({ interfaceId: 1, time: 100_000_000n, bytes: payload(40) }),
    b.statistics({ options: [[5, b.u64(3n)]] }),
  ),
);
const middle = file('c', pcap([at(200), at(201), at(202)]).subarray(0, 24 + 56 * 2 + 10));
const empty = file('d', pcap([]));
const missing = joinPath(folder, 'missing');

describe('joinCaptures', () => {
  it('goes on counting behind records that are no packets', async () => {
    const first = file(
      'f',
      join(
        b.section(),
        b.interface({ linkType: 1 }),
        b.enhanced({ bytes: payload(40) }),
        b.custom(payload(4)),
        b.custom(payload(8)),
      ),
    );
    const source = await joinCaptures([first, file('g', pcap([at(1), at(2)]))]);
    const read = await collect(source);
    expect(read.frames.map(({ number }) => number)).toEqual([1, 4, 5]);
    expect(source.frames).toBe(5);
  });

  it('reads rotated files as one, by the time of their first frames', async () => {
    const source = await joinCaptures([newest, oldest, missing, middle, empty]);
    expect(source.name).toBe(`${oldest} (and 4 more)`);
    const read = await collect(source);
    expect(
      read.frames.map(({ number, seconds, interfaceIndex, linkType }) => [number, seconds, interfaceIndex, linkType]),
    ).toEqual([
      [1, 100, 1, 113],
      [2, 200, 2, 1],
      [3, 201, 2, 1],
      [4, 300, 3, 101],
      [5, 301, 3, 101],
    ]);
    expect(read.interfaces.map(({ linkType }) => linkType)).toEqual([1, 113, 1, 101, 1]);
    expect(read.drops).toBe(3);
    expect(read.problems).toMatchObject([
      { code: 'truncated-record', frame: 3, message: expect.stringContaining(`${middle}: frame 3`) },
      { code: 'not-found', message: expect.stringContaining(missing) },
    ]);
    expect(source.bytesRead).toBe(source.totalBytes);
  });

  it('rejects when the first cannot be opened', async () => {
    await expect(joinCaptures([missing])).rejects.toMatchObject({ code: 'not-found' });
  });

  it('ends at the signal', async () => {
    const source = await joinCaptures([newest, oldest]);
    const stop = new AbortController();
    let frames = 0;
    const onFrame = () => {
      frames++;
      stop.abort();
    };
    await source.run(onFrame, { signal: stop.signal });
    expect(frames).toBe(1);
  });
});

describe('sortByTime', () => {
  it('keeps the order where times are the same, and where one can be read only once', async () => {
    const twin = file('twin', pcap([at(300)]));
    expect(await sortByTime([newest, twin, middle])).toEqual([middle, newest, twin]);
    expect(await sortByTime([newest, '-', middle])).toEqual([newest, '-', middle]);
  });

  it('tells nanoseconds apart', async () => {
    const early = file('early', pcap([{ seconds: 5, fraction: 1 }]));
    const late = file('late', pcap([{ seconds: 5, fraction: 2 }]));
    expect(await sortByTime([late, early])).toEqual([early, late]);
  });
});
