import { execFileSync, spawn } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { followCapture } from '../../src/capture/follow.ts';
import type { FrameSource } from '../../src/capture/source.ts';
import { payload, pcap, pcapngBlocks } from '../support/capture-builder.ts';
import { describeWith } from '../support/tools.ts';

let folder: string;
const place = (name: string) => join(folder, name);
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'portzero-follow-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const record = (seconds: number) => pcap([{ seconds, bytes: payload(60, seconds) }]).subarray(24);
const header = pcap([]);
const file = (...seconds: number[]) => Buffer.concat([header, ...seconds.map(record)]);

/** Runs a source in the background; `seconds` are the time stamps of its frames so far, `numbers` their numbers. */
function start(source: Promise<FrameSource>, stop: AbortController) {
  const seconds: number[] = [];
  const numbers: number[] = [];
  const done = source.then(async (opened) => {
    const onFrame = (frame: { seconds: number; number: number }) => {
      seconds.push(frame.seconds);
      numbers.push(frame.number);
    };
    await opened.run(onFrame, { signal: stop.signal });
    return opened;
  });
  // A rejection is looked at by whoever awaits `done`.
  done.catch(() => {});
  const reach = async (count: number) => {
    const end = Date.now() + 60_000;
    while (seconds.length < count && Date.now() < end) await new Promise((resolve) => setTimeout(resolve, 5));
    return seconds;
  };
  const finish = async () => {
    stop.abort();
    return done;
  };
  return { numbers, reach, finish, done };
}
const quiet = () => new Promise((resolve) => setTimeout(resolve, 60));

describe('a file that grows', () => {
  it('is read as it comes, and waited for within a record', async () => {
    const path = place('a.pcap');
    writeFileSync(path, header.subarray(0, 10));
    const stop = new AbortController();
    const reading = start(followCapture(path, { signal: stop.signal }), stop);
    appendFileSync(path, Buffer.concat([header.subarray(10), record(1), record(2).subarray(0, 30)]));
    expect(await reading.reach(1)).toEqual([1]);
    await quiet();
    expect(await reading.reach(1)).toEqual([1]);
    appendFileSync(path, record(2).subarray(30));
    expect(await reading.reach(2)).toEqual([1, 2]);
    const source = await reading.finish();
    expect(source.problems).toEqual([]);
    expect(source.totalBytes).toBeNull();
  });

  it('is read on after it was deleted', async () => {
    const path = place('a.pcap');
    writeFileSync(path, file(1));
    const stop = new AbortController();
    const reading = start(followCapture(path, { signal: stop.signal }), stop);
    await reading.reach(1);
    rmSync(path);
    await quiet();
    expect((await reading.finish()).problems).toEqual([]);
  });

  it('that is made shorter is a problem', async () => {
    const path = place('a.pcap');
    writeFileSync(path, file(1, 2));
    const stop = new AbortController();
    const reading = start(followCapture(path, { signal: stop.signal }), stop);
    await reading.reach(2);
    truncateSync(path, 0);
    const source = await reading.done;
    expect(source.problems).toMatchObject([{ code: 'truncated-record', frame: 3 }]);
  });

  it('must be there', async () => {
    const { signal } = new AbortController();
    await expect(followCapture(place('missing'), { signal })).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('a directory of a ring buffer', () => {
  it('is read in order, first what is there, then what appears', async () => {
    writeFileSync(place('b.pcap'), file(1, 2));
    writeFileSync(place('a.pcap'), file(3));
    writeFileSync(place('notes.txt'), 'not a capture, and never one');
    mkdirSync(place('below'));
    const stop = new AbortController();
    const reading = start(followCapture(folder, { signal: stop.signal }), stop);
    expect(await reading.reach(3)).toEqual([1, 2, 3]);
    appendFileSync(place('a.pcap'), record(4));
    expect(await reading.reach(4)).toEqual([1, 2, 3, 4]);
    const b = pcapngBlocks();
    writeFileSync(place('c.pcapng'), Buffer.concat([b.section(), b.interface({ linkType: 101 })]));
    await quiet();
    // The ring deletes its oldest file; the newest is still written.
    rmSync(place('b.pcap'));
    appendFileSync(place('c.pcapng'), b.enhanced({ time: 5_000_000n, bytes: payload(9) }));
    expect(await reading.reach(5)).toEqual([1, 2, 3, 4, 5]);
    const source = await reading.finish();
    expect(reading.numbers).toEqual([1, 2, 3, 4, 5]);
    expect(source.problems).toEqual([]);
    expect(source.interfaces.map(({ linkType }) => linkType)).toEqual([1, 1, 101]);
  });

  it('may be empty at first', async () => {
    const stop = new AbortController();
    const reading = start(followCapture(folder, { signal: stop.signal }), stop);
    await quiet();
    writeFileSync(place('partial'), file(1));
    renameSync(place('partial'), place('a.pcap'));
    expect(await reading.reach(1)).toEqual([1]);
    expect((await reading.finish()).problems).toEqual([]);
  });

  it('can be given up while it is empty', async () => {
    const stop = new AbortController();
    const reading = start(followCapture(folder, { signal: stop.signal }), stop);
    stop.abort();
    await expect(reading.done).rejects.toMatchObject({ code: 'no-captures' });
  });

  it('may use its names again', async () => {
    const stop = new AbortController();
    writeFileSync(place('ring0'), file(1, 2));
    const reading = start(followCapture(folder, { signal: stop.signal }), stop);
    await reading.reach(2);
    writeFileSync(place('ring1'), file(3));
    await reading.reach(3);
    writeFileSync(place('ring0'), file(4));
    await reading.reach(4);
    appendFileSync(place('ring0'), record(5));
    expect(await reading.reach(5)).toEqual([1, 2, 3, 4, 5]);
    expect((await reading.finish()).problems).toEqual([]);
  });

  it('goes on after a file that is damaged or cut', async () => {
    const stop = new AbortController();
    writeFileSync(place('a'), Buffer.concat([file(1), new Uint8Array(16).fill(0xff)]));
    const reading = start(followCapture(folder, { signal: stop.signal }), stop);
    await reading.reach(1);
    await quiet();
    writeFileSync(place('b'), file(2, 3).subarray(0, -1));
    await reading.reach(2);
    writeFileSync(place('c'), file(4));
    expect(await reading.reach(3)).toEqual([1, 2, 4]);
    expect((await reading.finish()).problems).toMatchObject([
      { code: 'bad-record-length' },
      { code: 'truncated-record' },
    ]);
  });
});

describeWith(['tcpdump', 'root'], 'what tcpdump writes', () => {
  it('is followed file by file', async () => {
    const stop = new AbortController();
    const reading = start(followCapture(folder, { signal: stop.signal }), stop);
    // A million bytes a file, rotated; the same capture played into tcpdump by a pipe.
    const big = pcap(Array.from({ length: 3000 }, (_, i) => ({ seconds: i, bytes: payload(1000, i) })));
    const tcpdump = spawn('tcpdump', ['-r', '-', '-w', place('ring'), '-C', '1', '-W', '9', '-Z', 'root'], {
      stdio: ['pipe', 'ignore', 'ignore'],
    });
    tcpdump.stdin.end(big);
    await new Promise((resolve) => tcpdump.on('close', resolve));
    expect(await reading.reach(3000)).toEqual(Array.from({ length: 3000 }, (_, i) => i));
    expect(execFileSync('ls', [folder], { encoding: 'utf8' }).trim().split('\n').length).toBeGreaterThan(2);
    expect((await reading.finish()).problems).toEqual([]);
  });
});
