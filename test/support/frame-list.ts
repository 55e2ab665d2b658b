/** Captures as lists of frames that can be changed and written again, for tests of what must not matter. */

import { settingsOf } from '../../src/analysis/analyze-capture.ts';
import { analyzeSource } from '../../src/analysis/analyze-source.ts';
import { combineResults } from '../../src/analysis/combine.ts';
import { joinSources } from '../../src/capture/join.ts';
import { openCapture, openSource } from '../../src/capture/open.ts';
import { FRAME_WITHOUT_TIME, type FrameSource } from '../../src/capture/source.ts';
import type { AnalysisReport } from '../../src/report/model/types.ts';
import { type Endian, NANO, pcap, pcapngBlocks } from './capture-builder.ts';
import { FIXTURES } from './manifest.ts';
import { memorySource } from './read-capture.ts';

export interface ListedFrame {
  readonly bytes: Uint8Array;
  readonly wireLength: number;
  readonly seconds: number;
  readonly nanos: number;
  readonly interfaceIndex: number;
  /** False in pcapng's simple packet blocks. */
  readonly hasTime: boolean;
}

export interface ListedInterface {
  readonly linkType: number;
  readonly fcsLength: number;
  readonly timeDigits: number;
}

export interface FrameList {
  readonly interfaces: readonly ListedInterface[];
  readonly frames: readonly ListedFrame[];
}

/** Every frame of a capture of fixtures/. */
export async function listFrames(file: string): Promise<FrameList> {
  const source = await openCapture(`${FIXTURES}/${file}`);
  const frames: ListedFrame[] = [];
  await source.run(({ bytes, offset, capturedLength, wireLength, seconds, nanos, interfaceIndex, timeDigits }) =>
    frames.push({
      bytes: bytes.slice(offset, offset + capturedLength),
      ...{ wireLength, seconds, nanos, interfaceIndex, hasTime: timeDigits !== FRAME_WITHOUT_TIME },
    }),
  );
  return { interfaces: [...source.interfaces], frames };
}

/** Classic pcap with nanoseconds. The list must be of one link type. */
export function toPcap({ interfaces: [only], frames }: FrameList, endian: Endian): Uint8Array<ArrayBuffer> {
  const fcs = only!.fcsLength === 0 ? 0 : ((only!.fcsLength / 2) << 28) | 0x04000000;
  return pcap(
    frames.map(({ bytes, wireLength, seconds, nanos }) => ({ bytes, wireLength, seconds, fraction: nanos })),
    { endian, magic: NANO, linkType: (only!.linkType | fcs) >>> 0 },
  );
}

/** One section whose interfaces count nanoseconds. */
export function toPcapng({ interfaces, frames }: FrameList, endian: Endian): Uint8Array<ArrayBuffer> {
  const blocks = pcapngBlocks(endian);
  const NANOSECONDS = [9, [9]] as const;
  return Uint8Array.from(
    Buffer.concat([
      blocks.section(),
      ...interfaces.map(({ linkType, fcsLength }) =>
        blocks.interface({
          linkType,
          options: [NANOSECONDS, ...(fcsLength === 0 ? [] : [[13, [fcsLength]] as const])],
        }),
      ),
      ...frames.map(({ bytes, wireLength, seconds, nanos, interfaceIndex: interfaceId, hasTime }) =>
        hasTime
          ? blocks.enhanced({ interfaceId, bytes, wireLength, time: BigInt(seconds) * 1_000_000_000n + BigInt(nanos) })
          : blocks.simple({ bytes, wireLength }),
      ),
    ]),
  );
}

export const openBytes = (bytes: Uint8Array, sizes?: readonly number[]): Promise<FrameSource> =>
  openSource('t', memorySource(bytes, sizes));

export async function openJoined(parts: readonly Uint8Array[]): Promise<FrameSource> {
  const [first, ...others] = parts.map((bytes) => () => openBytes(bytes));
  return joinSources('t', await first!(), others);
}

/** `core`: on the core, which is otherwise kept for captures of some length. */
export async function analyzeAll(
  source: FrameSource,
  { core = false, exchanges = 'all' }: { core?: boolean; exchanges?: 'all' | 'flagged' } = {},
): Promise<AnalysisReport> {
  const settings = settingsOf({ exchanges, maxListed: 100_000 }, false);
  const result = await analyzeSource(source, { settings, input: 0, worthCore: core ? 0 : Number.POSITIVE_INFINITY });
  return combineResults([result], settings).report;
}
