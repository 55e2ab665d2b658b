import { describe, expect, it } from 'vitest';
import type { AnalysisReport, ExchangeReport } from '../../src/report/model/types.ts';
import {
  analyzeAll,
  type FrameList,
  type ListedFrame,
  listFrames,
  openBytes,
  toPcapng,
} from '../support/frame-list.ts';
import { loadManifest } from '../support/manifest.ts';

/** Longer captures are left out: the others have all kinds of exchanges. */
const MOST_FRAMES = 60;

const ends = ({ client, server }: ExchangeReport): string =>
  [client, server].map(({ address, port }) => `${address}:${port}`).join(' > ');

/** What is said of whom, whatever the numbers of the frames. */
function sayings({ exchanges, findings }: AnalysisReport): string[] {
  const byId = new Map(exchanges.map((exchange) => [exchange.id, exchange]));
  return [
    ...exchanges.map((exchange) => `${ends(exchange)}: ${exchange.probe} ${exchange.verdict} ${exchange.reason}`),
    ...findings.map(({ ruleId, exchange }) => `${exchange === null ? '' : ends(byId.get(exchange)!)}: ${ruleId}`),
  ].sort();
}

const analyze = async (list: FrameList) => sayings(await analyzeAll(await openBytes(toPcapng(list, 'little'))));

const nanosOf = ({ seconds, nanos }: ListedFrame): bigint => BigInt(seconds) * 1_000_000_000n + BigInt(nanos);

const isInOrder = ({ frames }: FrameList): boolean =>
  frames.every((frame, index) => index === 0 || nanosOf(frame) >= nanosOf(frames[index - 1]!));

function swapped(frames: readonly ListedFrame[], index: number): ListedFrame[] {
  const others = [...frames];
  [others[index - 1], others[index]] = [others[index]!, others[index - 1]!];
  return others;
}

const lists: { file: string; list: FrameList; before: string[] }[] = [];
for (const { file, frames } of loadManifest()) {
  if (frames < 2 || frames > MOST_FRAMES) continue;
  const list = await listFrames(file);
  if (list.frames.every(({ hasTime }) => hasTime) && isInOrder(list))
    lists.push({ file, list, before: await analyze(list) });
}

type Difference = (before: readonly string[], after: readonly string[]) => boolean;

const isOther: Difference = (before, after) => after.join('\n') !== before.join('\n');

const ACCUSING = /: (stealth-probe-to-port-zero|invalid-reset|conflicting-answers)$| (challenged|invalid-reset) /;

const accusesMore: Difference = (before, after) =>
  after.some((saying) => ACCUSING.test(saying) && !before.includes(saying));

async function differing(
  variantsOf: (frames: readonly ListedFrame[]) => Iterable<readonly ListedFrame[]>,
  differs: Difference = isOther,
) {
  const files = new Set<string>();
  let tried = 0;
  for (const { file, list, before } of lists) {
    for (const frames of variantsOf(list.frames)) {
      tried++;
      if (differs(before, await analyze({ interfaces: list.interfaces, frames }))) files.add(file);
    }
  }
  return { files: [...files], tried };
}

/** Who opens when both do is who is seen first. */
const BOTH_OPEN = [
  'simultaneous/crossing-syns.pcap',
  'simultaneous/custom-stacks-0-to-0.pcap',
  'simultaneous/split-handshake.pcap',
];
/** Which end opens is not seen: the capture cut the flags. */
const CUT = ['formats/snapped-to-ports.pcap'];
/** A fragment hides its flags, and nobody had asked in the other VLAN that its answer came through. */
const HIDDEN = ['fragments/answered-in-another-vlan.pcap'];
/** What acknowledges or quotes something else may be of any attempt: where it comes first, it is told by itself, and accuses nobody. */
const OF_ANOTHER = [
  'invalid-reset/no-ack.pcap',
  'invalid-reset/quote-of-another-sequence.pcap',
  'invalid-reset/then-refused.pcap',
  'invalid-reset/wrong-ack.pcap',
];
/** More than a minute after a step back nobody knows whether the clock was set: its silence is undecided then. */
const PAUSED = ['dropped/retransmissions.pcap'];
/** Read from its end: what is put right on the way is known once only, and copies and later fragments belong to what comes before them. */
const FROM_THE_END = [
  'challenged/half-open-recovered.pcap',
  'fragments/data-in-two-ipv6.pcap',
  'fragments/data-in-two.pcap',
  'fragments/mirrored-in-two-vlans.pcap',
  'fragments/tiny-first-out-of-order.pcap',
  'invalid-reset/then-refused.pcap',
  'mirrored/one-copy-of-the-reset-lost.pcap',
  'tunnels/mirror-of-two-vlans.pcap',
  'tunnels/vxlan-on-its-own-interface.pcap',
];

describe('the order on the wire counts, as time stamps tell it, not that in the file', () => {
  it('where two frames have changed places', async () => {
    const { files, tried } = await differing(function* (frames) {
      for (let index = 1; index < frames.length; index++)
        if (nanosOf(frames[index]!) !== nanosOf(frames[index - 1]!)) yield swapped(frames, index);
    });
    expect(tried).toBeGreaterThan(1000);
    expect(files).toEqual([...BOTH_OPEN, ...CUT, ...HIDDEN, ...OF_ANOTHER, ...PAUSED].sort());
  });

  it('where a frame stands far too early, and nobody is accused for that', async () => {
    const { files } = await differing(function* (frames) {
      for (let index = 2; index < frames.length; index++) {
        const others = frames.filter((frame) => frame !== frames[index]);
        for (const place of [0, 1]) {
          const early = nanosOf(frames[index]!) - nanosOf(frames[place]!);
          // Further away it is no disorder, but another clock.
          if (early > 0n && early < 1_000_000_000n)
            yield [...others.slice(0, place), frames[index]!, ...others.slice(place)];
        }
      }
    }, accusesMore);
    expect(files).toEqual([]);
  });

  it('where all frames stand the other way round', async () => {
    const { files } = await differing((frames) => [[...frames].reverse()]);
    expect(lists.length).toBeGreaterThan(200);
    expect(files).toEqual([...BOTH_OPEN, ...CUT, ...HIDDEN, ...FROM_THE_END].sort());
  });
});
