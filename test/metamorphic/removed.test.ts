import { describe, expect, it } from 'vitest';
import { createDecoder } from '../../src/decode/decoder.ts';
import type { AnalysisReport, ExchangeReport, SegmentReport } from '../../src/report/model/types.ts';
import { analyzeAll, type FrameList, listFrames, openBytes, toPcapng } from '../support/frame-list.ts';
import { loadManifest } from '../support/manifest.ts';

/** Of longer captures every n-th frame is taken away, so many in all. */
const MOST_REMOVALS = 60;

const ACCUSING_RULES = ['stealth-probe-to-port-zero', 'invalid-reset', 'conflicting-answers'];
const ACCUSING_VERDICTS = ['challenged', 'invalid-reset'];
const ACCUSING_NOTES = [
  ['challenged', /challenge/],
  ['invalid-reset', /client must ignore the RST/],
  ['conflicting-answers', /contradicts it/],
  ['forged', /forge|spoof|inject/],
] as const;

/** Who talked with whom; a conversation is the same whoever of the two counts as the client. */
const ends = ({ client, server }: ExchangeReport): string =>
  [client, server]
    .map(({ address, port }) => `${address}:${port}`)
    .sort()
    .join(' - ');

/**
 * Each accusation of a report, with the two ends it is about. Evidence that another answer overruled, and the verdict where that
 * answer is missing, are the same accusation.
 */
function accusations({ exchanges, findings }: AnalysisReport): Set<string> {
  const byId = new Map(exchanges.map((exchange) => [exchange.id, exchange]));
  const made = new Set<string>();
  for (const exchange of exchanges) {
    if (ACCUSING_VERDICTS.includes(exchange.verdict)) made.add(`${ends(exchange)}: ${exchange.verdict}`);
    // A half-open leftover answers by an ACK of its own connection (RFC 9293 section 3.5.1), and is recovered from by a RST and a new
    // SYN: of a capture that ends before that, `challenged` is what there was.
    if (exchange.evidence.otherAnswers.some((answer) => isChallenge(exchange, answer)))
      made.add(`${ends(exchange)}: challenged`);
    for (const note of exchange.evidence.notes) {
      for (const [what, words] of ACCUSING_NOTES) if (words.test(note)) made.add(`${ends(exchange)}: ${what}`);
    }
  }
  for (const { ruleId, exchange } of findings) {
    if (ACCUSING_RULES.includes(ruleId)) made.add(`${ends(byId.get(exchange!)!)}: ${ruleId}`);
  }
  return made;
}

function isChallenge({ evidence: { probe } }: ExchangeReport, { kind, acknowledgment }: SegmentReport): boolean {
  return kind === 'ack' && probe?.sequence != null && acknowledgment !== (probe.sequence + 1) >>> 0;
}

const analyze = async (list: FrameList) => analyzeAll(await openBytes(toPcapng(list, 'little')));

const without = ({ interfaces, frames }: FrameList, isRemoved: (index: number) => boolean): FrameList => ({
  interfaces,
  frames: frames.filter((_, index) => !isRemoved(index)),
});

/** Which direction each frame belongs to: the sender, and its port. Null where there is no packet. */
function directions({ interfaces, frames }: FrameList): (string | null)[] {
  const decoder = createDecoder();
  return frames.map(({ bytes, wireLength, seconds, nanos, interfaceIndex }, index) => {
    const { linkType, fcsLength } = interfaces[interfaceIndex]!;
    let direction: string | null = null;
    const frame = {
      bytes,
      offset: 0,
      capturedLength: bytes.length,
      wireLength,
      seconds,
      nanos,
      number: index + 1,
      direction: 0,
    };
    decoder.decode({ ...frame, linkType, fcsLength }, (record) => {
      if (record.ipVersion === 0) return;
      const length = record.ipVersion === 4 ? 4 : 16;
      const source = record.bytes.subarray(record.sourceOffset, record.sourceOffset + length);
      direction = `${source.join('.')} ${record.sourcePort}`;
    });
    return direction;
  });
}

async function falselyAccused(
  file: string,
  list: FrameList,
  removals: ReadonlyMap<string, (index: number) => boolean>,
) {
  const before = accusations(await analyze(list));
  const found: string[] = [];
  for (const [what, isRemoved] of removals) {
    for (const made of accusations(await analyze(without(list, isRemoved)))) {
      if (!before.has(made)) found.push(`${file} without ${what}: ${made}`);
    }
  }
  return found;
}

function sample<T>(items: readonly T[], most: number): T[] {
  const step = Math.max(1, items.length / most);
  return Array.from({ length: Math.min(items.length, most) }, (_, turn) => items[Math.floor(turn * step)]!);
}

const captures = loadManifest();

describe('nobody is accused who was not before', () => {
  it('when the capture lost one frame', async () => {
    const found: string[] = [];
    for (const { file } of captures) {
      const list = await listFrames(file);
      const indexes = sample([...list.frames.keys()], MOST_REMOVALS);
      const removals = indexes.map((lost) => [`frame ${lost + 1}`, (index: number) => index === lost] as const);
      found.push(...(await falselyAccused(file, list, new Map(removals))));
    }
    expect(found).toEqual([]);
  });

  it('when the capture holds one direction only', async () => {
    const found: string[] = [];
    for (const { file } of captures) {
      const list = await listFrames(file);
      const of = directions(list);
      const distinct = sample([...new Set(of.filter((direction) => direction !== null))], MOST_REMOVALS);
      const removals = distinct.map((lost) => [`what ${lost} sent`, (index: number) => of[index] === lost] as const);
      found.push(...(await falselyAccused(file, list, new Map(removals))));
    }
    expect(found).toEqual([]);
  });

  it.each([
    // A lone ACK or FIN/ACK without time stamps is what a scanner sends too: two segments at least are left.
    ['began late', 'the first', 2, (count: number) => (index: number) => index < count],
    ['ended early', 'the last', 1, (count: number, all: number) => (index: number) => index >= all - count],
  ] as const)('when the capture %s', async (_, which, left, removal) => {
    const found: string[] = [];
    for (const { file } of captures) {
      const list = await listFrames(file);
      const all = list.frames.length;
      const counts = sample(
        Array.from({ length: Math.max(0, all - left) }, (_unused, index) => index + 1),
        MOST_REMOVALS,
      );
      const removals = counts.map((count) => [`${which} ${count} of ${all}`, removal(count, all)] as const);
      found.push(...(await falselyAccused(file, list, new Map(removals))));
    }
    expect(found).toEqual([]);
  });
});
