import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { analyzeSource } from '../../../src/analysis/analyze-source.ts';
import { combineResults } from '../../../src/analysis/combine.ts';
import type { AnalysisSettings } from '../../../src/analysis/types.ts';
import { captureFilter, probeFilter } from '../../../src/capture/live/filter.ts';
import { openCapture } from '../../../src/capture/open.ts';
import type { FrameSource } from '../../../src/capture/source.ts';
import { defaultConfig } from '../../../src/config/defaults.ts';
import type { AnalysisReport } from '../../../src/report/model/types.ts';
import { rules } from '../../../src/rules/index.ts';
import { FIXTURES, loadManifest } from '../../support/manifest.ts';
import { describeWith } from '../../support/tools.ts';

/** What the analysis looks into, or counts, unless configured otherwise: ports of IANA and Wireshark, and Linux's own of VXLAN. */
const TUNNEL_PORTS = [
  4789, 8472, 4790, 6081, 2152, 3544, 5072, 1701, 6635, 4754, 37_008, 4341, 5247, 12_222, 12_223, 12_220, 24_576,
  24_577, 5000, 5555, 52_001, 6080, 30_030, 2268, 434, 4306, 3386, 12_000, 12_001, 12_002, 12_003, 12_004, 4791, 6343,
  4729, 2157, 19_999, 17_754, 13_910, 925, 213,
];

/** LINKTYPE_ values and what tcpdump calls them. */
const LINK_TYPES: readonly (readonly [number, string])[] = [
  [0, 'NULL'],
  [1, 'EN10MB'],
  [9, 'PPP'],
  [50, 'PPP_SERIAL'],
  [51, 'PPP_ETHER'],
  [101, 'RAW'],
  [104, 'C_HDLC'],
  [105, 'IEEE802_11'],
  [107, 'FRELAY'],
  [108, 'LOOP'],
  [113, 'LINUX_SLL'],
  [119, 'PRISM_HEADER'],
  [127, 'IEEE802_11_RADIO'],
  [163, 'IEEE802_11_RADIO_AVS'],
  [228, 'IPV4'],
  [229, 'IPV6'],
  [276, 'LINUX_SLL2'],
];

const settings: AnalysisSettings = {
  config: defaultConfig(),
  rules,
  exchanges: 'all',
  maxExchanges: 1_000_000,
  maxListed: 1_000_000,
  communityIdSeed: 0,
  live: false,
};

/** Number of instructions that tcpdump compiles the filter to; throws with its complaint. */
function compile(name: string, filter: string): number {
  const { status, stdout, stderr } = spawnSync('tcpdump', ['-y', name, '-ddd', filter], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name}: ${stderr}`);
  return Number(stdout.split('\n')[0]);
}

const folder = mkdtempSync(join(tmpdir(), 'portzero-filter-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const le32 = (value: number) => [value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24];

/** Numbers of the frames that BPF lets through: tcpdump reads them with their number in place of the time. */
async function passed(source: FrameSource, filterOf: (linkType: number) => string): Promise<Set<number>> {
  const records = new Map<number, number[][]>();
  await source.run((frame) => {
    const { bytes, offset, capturedLength, wireLength, number, linkType } = frame;
    const header = [number, 0, capturedLength, wireLength].flatMap(le32);
    records.set(linkType, [
      ...(records.get(linkType) ?? []),
      [...header, ...bytes.subarray(offset, offset + capturedLength)],
    ]);
  });
  const numbers = new Set<number>();
  for (const [linkType, list] of records) {
    const path = join(folder, 'all.pcap');
    const fileHeader = [...le32(0xa1b2c3d4), 2, 0, 4, 0, ...le32(0), ...le32(0), ...le32(262_144), ...le32(linkType)];
    writeFileSync(path, Uint8Array.from([...fileHeader, ...list.flat()]));
    const out = join(folder, 'passed.pcap');
    const filter = filterOf(linkType);
    // What libpcap has no name for no interface gives it: nothing there is filtered.
    if (filter === '') {
      for (const [frame] of records.get(linkType)!) numbers.add(frame!);
      continue;
    }
    const { status, stderr } = spawnSync('tcpdump', ['-r', path, '-w', out, filter], { encoding: 'utf8' });
    if (status !== 0) throw new Error(`link type ${linkType}: ${stderr}`);
    const bytes = readFileSync(out);
    for (let at = 24; at < bytes.length; at += 16 + bytes.readUInt32LE(at + 8)) numbers.add(bytes.readUInt32LE(at));
  }
  return numbers;
}

/** The source without the frames that `keep` refuses; the others keep their numbers. */
function only(source: FrameSource, keep: (frame: number) => boolean): FrameSource {
  return new Proxy(source, {
    get(target, name) {
      if (name !== 'run') return Reflect.get(target, name, target);
      const run: FrameSource['run'] = (onFrame, options) =>
        target.run((frame) => {
          if (keep(frame.number)) onFrame(frame);
        }, options);
      return run;
    },
  });
}

async function analyze(source: FrameSource): Promise<AnalysisReport> {
  return combineResults([await analyzeSource(source, { settings, input: 0 })], settings).report;
}

describeWith(['tcpdump'], 'the kernel filter', () => {
  it.each(LINK_TYPES)('compiles for link type %i (%s), small enough for a socket of any kernel', (linkType, name) => {
    const filter = captureFilter(linkType, TUNNEL_PORTS);
    expect(filter).not.toBe('');
    // Linux before 6.9 lets a socket have 20 KiB (net.core.optmem_max) of eBPF, 8 bytes an instruction and about two of
    // them for one of BPF's.
    expect(compile(name, filter)).toBeLessThan(1000);
  });

  it('does not exist for link types that BPF cannot look into', () => {
    expect(captureFilter(239, TUNNEL_PORTS)).toBe('');
  });

  it('compiles for a probe', () => {
    const filter = probeFilter(['192.0.2.1', '2001:db8::1', 'fe80::1%eth0']);
    for (const [, name] of LINK_TYPES.filter(([linkType]) => [1, 101, 113, 276].includes(linkType))) {
      expect(compile(name, filter)).toBeLessThan(1000);
    }
  });

  it.each(loadManifest().map(({ file }) => file))('lets all through that the report on %s is made of', async (file) => {
    const path = join(FIXTURES, file);
    const numbers = await passed(await openCapture(path), (linkType) => captureFilter(linkType, TUNNEL_PORTS));
    const whole = await analyze(await openCapture(path));
    // The last frame tells the time up to which silence was observed; a live run has the clock for that.
    const last = whole.inputs[0]!.frames;
    const filtered = await analyze(only(await openCapture(path), (frame) => numbers.has(frame) || frame === last));
    // Plain segments on ordinary ports stay in the kernel, so what they would show of a lost SYN-ACK is not known there.
    const onPortZero = (report: typeof whole) => report.exchanges.filter(({ portZero }) => portZero !== null);
    expect(onPortZero(filtered)).toEqual(onPortZero(whole));
    expect(filtered.findings).toEqual(whole.findings);
    expect(filtered.summary.portZero).toEqual(whole.summary.portZero);
    expect(filtered.summary.exchanges.total).toEqual(whole.summary.exchanges.total);
  });

  it('keeps out what the analysis has no use for', async () => {
    // A whole conversation on an ordinary port: of it only what opens and closes matters.
    const source = await openCapture(join(FIXTURES, 'ordinary/web.pcap'));
    let frames = 0;
    await source.run(() => {
      frames++;
    });
    const again = await openCapture(join(FIXTURES, 'ordinary/web.pcap'));
    const numbers = await passed(again, (linkType) => captureFilter(linkType, TUNNEL_PORTS));
    expect(numbers.size).toBeGreaterThan(0);
    expect(numbers.size).toBeLessThan(frames - 3);
  });
});

describe('captureFilter', () => {
  it('names each tunnel port that is asked for', () => {
    const filter = captureFilter(1, [12345]);
    expect(filter).toContain('= 12345');
    expect(filter).not.toContain('= 4789');
  });
});
