import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { analyzeSource } from '../src/analysis/analyze-source.ts';
import { combineResults } from '../src/analysis/combine.ts';
import { commentFrames, EvidenceRecorder, writeEvidence } from '../src/analysis/evidence.ts';
import type { AnalysisSettings } from '../src/analysis/types.ts';
import { PcapngWriter } from '../src/capture/format/pcapng-writer.ts';
import { openCapture, openCaptureStream } from '../src/capture/open.ts';
import { defaultConfig } from '../src/config/defaults.ts';
import { rules } from '../src/rules/index.ts';
import { FIXTURES } from './support/manifest.ts';
import { collect, type ReadFrame } from './support/read-capture.ts';

const settings: AnalysisSettings = {
  config: defaultConfig(),
  rules,
  exchanges: 'flagged',
  maxExchanges: 1_000_000,
  maxListed: 1_000_000,
  communityIdSeed: 0,
  live: false,
};

const folder = mkdtempSync(join(tmpdir(), 'portzero-evidence-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const path = join(folder, 'evidence.pcapng');

const read = async (file: string): Promise<ReadFrame[]> => (await collect(await openCapture(file))).frames;
/** What a frame is, without its place in a file. */
const essence = ({ seconds, nanos, wireLength, linkType, hex }: ReadFrame) => ({
  seconds,
  nanos,
  wireLength,
  linkType,
  hex,
});

/** The frames that the report of a capture says flagged exchanges are made of. */
async function analyzeFile(file: string) {
  const result = await analyzeSource(await openCapture(file), { settings, input: 0 });
  return combineResults([result], settings).report;
}

async function record(file: string, bound?: number, live = false) {
  const source = await openCapture(file);
  const writer = new PcapngWriter(path);
  const recorder = new EvidenceRecorder(source, [writer], bound);
  await analyzeSource(source, { settings: { ...settings, live }, input: 0, sink: recorder, onFrame: recorder.onFrame });
  recorder.end();
  writer.close();
  return { recorder, frames: await read(path) };
}

const CAPTURES = [
  'closed/connect-ipv4.pcap',
  'accepted/redirect-ipv4.pcap',
  'formats/nanoseconds.pcap',
  'udp/to-zero.pcap',
  'scan/nmap-16-hosts.pcap',
];

describe('commentFrames', () => {
  it('names verdict, answerer, rules and the place of the frame', async () => {
    const comments = commentFrames(await analyzeFile(join(FIXTURES, 'closed/connect-ipv4.pcap')), 0);
    expect([...comments]).toEqual([
      [1, 'portzero: frame 1, the opening segment: refused by 10.0.0.2 (closed, reset); syn-to-port-zero'],
      [2, 'portzero: frame 2, the answer: refused by 10.0.0.2 (closed, reset); syn-to-port-zero'],
    ]);
  });

  it('has nothing for another input', async () => {
    expect(commentFrames(await analyzeFile(join(FIXTURES, 'closed/connect-ipv4.pcap')), 1).size).toBe(0);
  });
});

describe.each(CAPTURES)('evidence of %s', (name) => {
  const file = join(FIXTURES, name);

  it('is what the input holds, frame by frame', async () => {
    const comments = commentFrames(await analyzeFile(file), 0);
    const writer = new PcapngWriter(path);
    await writeEvidence(await openCapture(file), comments, writer);
    writer.close();
    const expected = (await read(file)).filter(({ number }) => comments.has(number));
    expect(expected.length).toBeGreaterThan(0);
    expect((await read(path)).map(essence)).toEqual(expected.map(essence));
  });

  it.each([
    ['at the end', false],
    ['live', true],
  ])('is the same from a recorder, however early it hears of a finding (%s)', async (_when, live) => {
    const comments = commentFrames(await analyzeFile(file), 0);
    const expected = (await read(file)).filter(({ number }) => comments.has(number)).map(essence);
    const { recorder, frames } = await record(file, undefined, live);
    expect(recorder).toMatchObject({ missing: 0, failure: null });
    expect(frames).toHaveLength(expected.length);
    expect(frames.map(essence)).toEqual(expect.arrayContaining(expected));
  });
});

describe('EvidenceRecorder', () => {
  it('writes a flagged frame that must make room, and counts what had gone before it was flagged', async () => {
    const file = join(FIXTURES, 'accepted/redirect-ipv4.pcap');
    const whole = await record(file, undefined, true);
    // Room for one frame: live, each is flagged as soon as it is seen.
    const tight = await record(file, 400, true);
    expect(tight.frames.map(essence)).toEqual(expect.arrayContaining(whole.frames.slice(0, 1).map(essence)));
    expect(tight.frames.length + tight.recorder.missing).toBe(whole.frames.length);
    // Offline it hears of the finding at the end, when only the last frame is left.
    const late = await record(file, 400, false);
    expect(late.recorder.missing).toBeGreaterThan(0);
    expect(late.frames.length + late.recorder.missing).toBe(whole.frames.length);
  });

  it('writes what is flagged within about a second, while its exchange is still open', async () => {
    const bytes = readFileSync(join(FIXTURES, 'closed/connect-ipv4.pcap'));
    const answerAt = 24 + 16 + bytes.readUInt32LE(24 + 8);
    const pipe = new PassThrough();
    pipe.write(bytes.subarray(0, answerAt));
    const source = await openCaptureStream('pipe', pipe);
    const writer = new PcapngWriter(path);
    const recorder = new EvidenceRecorder(source, [writer]);
    const options = { input: 0, sink: recorder, onFrame: recorder.onFrame };
    const analysis = analyzeSource(source, { settings: { ...settings, live: true }, ...options });
    const expectFlags = (flags: readonly string[]) =>
      vi.waitFor(
        async () =>
          expect((await read(path)).map(({ hex }) => hex.slice(2 * (14 + 20 + 13), 2 * (14 + 20 + 13) + 2))).toEqual(
            flags,
          ),
        { timeout: 120_000, interval: 100 },
      );
    await expectFlags(['02']);
    pipe.write(bytes.subarray(answerAt));
    await expectFlags(['02', '14']);
    pipe.end();
    await analysis;
    recorder.end();
    writer.close();
    expect(recorder.missing).toBe(0);
    expect(await read(path)).toHaveLength(2);
  });

  it('goes on without a file that cannot be written', async () => {
    const source = await openCapture(join(FIXTURES, 'closed/connect-ipv4.pcap'));
    const full = new PcapngWriter('/dev/null');
    full.write = () => {
      throw new Error('ENOSPC: no space left on device');
    };
    const good = new PcapngWriter(path);
    const recorder = new EvidenceRecorder(source, [full, good]);
    await analyzeSource(source, { settings, input: 0, sink: recorder, onFrame: recorder.onFrame });
    recorder.end();
    good.close();
    expect(recorder.failure).toBe('cannot write /dev/null: ENOSPC: no space left on device');
    expect(good.frames).toBe(2);
  });
});
