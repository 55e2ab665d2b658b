import { describe, expect, it } from 'vitest';
import type { AnalysisReport } from '../../src/report/model/types.ts';
import {
  analyzeAll,
  type FrameList,
  type ListedFrame,
  listFrames,
  openBytes,
  toPcapng,
} from '../support/frame-list.ts';
import { loadManifest } from '../support/manifest.ts';

const MOST_FRAMES = 60;
/** Each capture is put beside the ones that stand so far behind it in the manifest. */
const HOPS = [1, 7, 31];

/** Its exchanges by their ends, whoever of the two counts as the client. */
const endsOf = ({ exchanges }: AnalysisReport): string[] =>
  exchanges.map(({ client, server }) =>
    [client, server]
      .map(({ address, port }) => `${address} ${port}`)
      .sort()
      .join(),
  );

const sayings = ({ exchanges }: AnalysisReport): string[] =>
  exchanges.map(({ client, server, probe, verdict, reason }) =>
    [client.address, client.port, server.address, server.port, probe, verdict, reason].join(' '),
  );

const analyze = async (list: FrameList) => analyzeAll(await openBytes(toPcapng(list, 'little')));

const nanosOf = ({ seconds, nanos }: ListedFrame): number => seconds * 1e9 + nanos;

interface Capture {
  readonly file: string;
  readonly list: FrameList;
  readonly report: AnalysisReport;
}

const captures: Capture[] = [];
for (const { file, frames } of loadManifest()) {
  if (frames === 0 || frames > MOST_FRAMES) continue;
  const list = await listFrames(file);
  if (list.interfaces.length === 1 && list.frames.every(({ hasTime }) => hasTime))
    captures.push({ file, list, report: await analyze(list) });
}

function haveCommon(one: Capture, other: Capture): boolean {
  const ends = new Set(endsOf(one.report));
  return endsOf(other.report).some((it) => ends.has(it));
}

/** Pairs without an exchange in common, so that neither can change what the other says. */
const pairs = HOPS.flatMap((hop) =>
  captures.map((one, index) => [one, captures[(index + hop) % captures.length]!] as const),
).filter(([one, other]) => !haveCommon(one, other));

/**
 * The frames of a capture on the second interface, which began a little after the other by a clock that is so many seconds ahead of that one's. A first
 * step back can only be another clock; a first step forwards may be a pause.
 */
function beginning({ list }: Capture, from: Capture, seconds: number): ListedFrame[] {
  const shift = from.list.frames[0]!.seconds - list.frames[0]!.seconds + 1 + seconds;
  return list.frames.map((frame) => ({ ...frame, seconds: frame.seconds + shift, interfaceIndex: 1 }));
}

/** What is said of two captures on two interfaces of one file, whose clocks are so far apart: the frames stand in the order in which they were captured. */
async function sayTogether(one: Capture, other: Capture, seconds: number): Promise<string> {
  const start = nanosOf(one.list.frames[0]!);
  const late = (frame: ListedFrame) => nanosOf(frame) - start - (frame.interfaceIndex === 1 ? seconds * 1e9 : 0);
  const frames = [...one.list.frames, ...beginning(other, one, seconds)].sort((a, b) => late(a) - late(b));
  const interfaces = [...one.list.interfaces, ...other.list.interfaces];
  return sayings(await analyze({ interfaces, frames }))
    .sort()
    .join('\n');
}

describe('clocks that are apart do not change what is said', () => {
  it('has pairs to try', () => expect(pairs.length).toBeGreaterThan(100));

  it('where one capture was appended to another that is a day younger', async () => {
    const wrong: string[] = [];
    for (const [one, other] of pairs) {
      const interfaces = [...one.list.interfaces, ...other.list.interfaces];
      const frames = [...one.list.frames, ...beginning(other, one, -86_400)];
      const both = sayings(await analyze({ interfaces, frames })).sort();
      const wanted = [...sayings(one.report), ...sayings(other.report)].sort();
      if (both.join('\n') !== wanted.join('\n')) wrong.push(`${one.file} and ${other.file}`);
    }
    expect(wrong).toEqual([]);
  });

  // As where Wireshark captures here and on a router at the same time.
  it.each([-3600, -30])('where two interfaces are %i s apart', async (seconds) => {
    const wrong: string[] = [];
    for (const [one, other] of pairs) {
      const apart = await sayTogether(one, other, seconds);
      if (apart !== (await sayTogether(one, other, 0))) wrong.push(`${one.file} and ${other.file}`);
    }
    expect(wrong).toEqual([]);
  });
});
