import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { FrameSource } from '../../src/capture/source.ts';
import type { AnalysisReport } from '../../src/report/model/types.ts';
import { runCommand } from '../support/command.ts';
import {
  analyzeAll,
  type FrameList,
  listFrames,
  openBytes,
  openJoined,
  toPcap,
  toPcapng,
} from '../support/frame-list.ts';
import { FIXTURES, loadManifest } from '../support/manifest.ts';
import { essenceOf } from './essence.ts';
import { ETHERNET, inGre, inVlan, inVxlan, shifted } from './wrap.ts';

/** Opens the frames of a list in another form; null where they cannot have it. */
type Form = (list: FrameList) => Promise<FrameSource> | null;

const isEthernet = ({ interfaces }: FrameList) => interfaces.every(({ linkType }) => linkType === ETHERNET);
/** Classic pcap has one link type and no interfaces, and each of its frames has a time. */
const isForPcap = ({ interfaces, frames }: FrameList) =>
  interfaces.length === 1 && frames.every(({ hasTime }) => hasTime);

function halves({ interfaces, frames }: FrameList): FrameList[] {
  const middle = Math.ceil(frames.length / 2);
  return [frames.slice(0, middle), frames.slice(middle)].map((part) => ({ interfaces, frames: part }));
}

const FORMS: Readonly<Record<string, Form>> = {
  'as pcap': (list) => (isForPcap(list) ? openBytes(toPcap(list, 'little')) : null),
  'as pcap of the other byte order': (list) => (isForPcap(list) ? openBytes(toPcap(list, 'big')) : null),
  'as pcapng': (list) => openBytes(toPcapng(list, 'little')),
  'as pcapng of the other byte order': (list) => openBytes(toPcapng(list, 'big')),
  'in gzip': (list) => openBytes(gzipSync(toPcapng(list, 'little'))),
  'in small pieces, as from a pipe': (list) => openBytes(toPcapng(list, 'little'), [7, 1, 13, 2, 5]),
  'cut in two files': (list) => openJoined(halves(list).map((part) => toPcapng(part, 'little'))),
  'shifted in time': (list) => openBytes(toPcapng(shifted(list, 12_345_678, 987_654_321), 'little')),
  'in a VLAN': (list) => (isEthernet(list) ? openBytes(toPcapng(inVlan(list, 777), 'little')) : null),
  'in GRE': (list) => (isEthernet(list) ? openBytes(toPcapng(inGre(list), 'little')) : null),
  'in VXLAN': (list) => (isEthernet(list) ? openBytes(toPcapng(inVxlan(list, 5001), 'little')) : null),
};

/** Form, then file, then why the frames are others in this form. */
const OTHER_FRAMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'in a VLAN': {
    'tunnels/isl.pcap': 'an ISL frame is told by where it is addressed to, and has a tag of its own: 802.1Q tags none',
  },
};

const captures = loadManifest();
const lists = new Map<string, FrameList>();
const listOf = async (file: string) => {
  const list = lists.get(file) ?? (await listFrames(file));
  lists.set(file, list);
  return list;
};
const wholes = new Map<string, AnalysisReport>();
const wholeOf = async (file: string) => {
  const whole = wholes.get(file) ?? (await analyzeAll(await openBytes(readFileSync(`${FIXTURES}/${file}`))));
  wholes.set(file, whole);
  return whole;
};

describe('the same frames have the same verdicts and findings', () => {
  it.each(Object.keys(FORMS))('%s', async (name) => {
    let compared = 0;
    for (const { file } of captures) {
      if (OTHER_FRAMES[name]?.[file] !== undefined) continue;
      const source = await FORMS[name]!(await listOf(file));
      if (source === null) continue;
      expect(essenceOf(await analyzeAll(source)), file).toEqual(essenceOf(await wholeOf(file)));
      compared++;
    }
    expect(compared).toBeGreaterThan(200);
  });

  // Two threads: test/prefilter/filtered-source.test.ts and test/core/relayed.test.ts, over all fixtures.
  it('on the fast path, whatever carries them', async () => {
    for (const { file } of captures) {
      const list = await listOf(file);
      const read = async (core: boolean) =>
        analyzeAll(await openBytes(toPcapng(isEthernet(list) ? inVlan(list, 777) : list, 'little')), {
          core,
          exchanges: 'flagged',
        });
      expect(await read(true), file).toEqual(await read(false));
    }
  });

  it('on standard input', async () => {
    for (const file of [
      'accepted/redirect-ipv4.pcap',
      'formats/gzip.pcap.gz',
      'formats/pcapng.pcapng',
      'tunnels/isl.pcap',
    ]) {
      const bytes = readFileSync(`${FIXTURES}/${file}`);
      const { stdout } = await runCommand(['-', '-f', 'json', '--exchanges', 'all'], { input: bytes });
      expect(essenceOf(JSON.parse(stdout)), file).toEqual(essenceOf(await wholeOf(file)));
    }
  });
});
