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

/** What has a wrong checksum settles nothing, as its note says. */
function isChallenge({ evidence: { probe } }: ExchangeReport, answer: SegmentReport): boolean {
  const { kind, acknowledgment, checksumBad } = answer;
  return !checksumBad && kind === 'ack' && probe?.sequence != null && acknowledgment !== (probe.sequence + 1) >>> 0;
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

type Removals = ReadonlyMap<string, (index: number) => boolean>;

async function falselyAccused(file: string, list: FrameList, removals: Removals): Promise<string[]> {
  const before = accusations(await analyze(list));
  const found: string[] = [];
  for (const [what, isRemoved] of removals) {
    const rest = without(list, isRemoved);
    expect(rest.frames.length, `${file} without ${what}`).toBeLessThan(list.frames.length);
    for (const made of accusations(await analyze(rest))) {
      if (!before.has(made)) found.push(`${file} without ${what}: ${made}`);
    }
  }
  return found;
}

/** Tries what `removalsOf` names of every fixture, and says which of them it names nothing of. */
async function tryAll(removalsOf: (list: FrameList) => Removals): Promise<{ found: string[]; untried: string[] }> {
  const found: string[] = [];
  const untried: string[] = [];
  for (const { file } of captures) {
    const list = await listFrames(file);
    const removals = removalsOf(list);
    if (removals.size === 0) untried.push(file);
    found.push(...(await falselyAccused(file, list, removals)));
  }
  return { found, untried };
}

function sample<T>(items: readonly T[], most: number): T[] {
  const step = Math.max(1, items.length / most);
  return Array.from({ length: Math.min(items.length, most) }, (_, turn) => items[Math.floor(turn * step)]!);
}

const captures = loadManifest();

const framesOf = (few: number): string[] => captures.filter(({ frames }) => frames <= few).map(({ file }) => file);

it('every accusation that a fixture is to make is seen', async () => {
  const accusing = captures.filter(
    ({ expect: { rules, exchanges } }) =>
      rules?.some((rule) => ACCUSING_RULES.includes(rule)) ||
      exchanges.some(({ verdict }) => ACCUSING_VERDICTS.includes(verdict)),
  );
  expect(accusing.length).toBeGreaterThan(30);
  for (const { file } of accusing)
    expect([...accusations(await analyze(await listFrames(file)))], file).not.toEqual([]);
});

describe('nobody is accused who was not before', () => {
  it('when the capture lost one frame', async () => {
    const { found, untried } = await tryAll(({ frames }) => {
      const indexes = sample([...frames.keys()], MOST_REMOVALS);
      return new Map(indexes.map((lost) => [`frame ${lost + 1}`, (index: number) => index === lost] as const));
    });
    expect(found).toEqual([]);
    expect(untried).toEqual(framesOf(0));
  });

  it('when the capture holds one direction only', async () => {
    const { found, untried } = await tryAll((list) => {
      const of = directions(list);
      const distinct = sample([...new Set(of.filter((direction) => direction !== null))], MOST_REMOVALS);
      return new Map(distinct.map((lost) => [`what ${lost} sent`, (index: number) => of[index] === lost] as const));
    });
    expect(found).toEqual([]);
    // Where nothing can be read, as of a link type that nobody knows, there is no direction.
    const talking = captures
      .filter(({ expect: { portZero } }) => Object.keys(portZero ?? {}).length > 0)
      .map(({ file }) => file);
    expect(untried.filter((file) => talking.includes(file))).toEqual([]);
    expect(captures.length - untried.length).toBeGreaterThan(captures.length * 0.9);
  });

  it.each([
    // A lone ACK or FIN/ACK without time stamps is what a scanner sends too: two segments at least are left.
    ['began late', 'the first', 2, (count: number) => (index: number) => index < count],
    ['ended early', 'the last', 1, (count: number, all: number) => (index: number) => index >= all - count],
  ] as const)('when the capture %s', async (_, which, left, removal) => {
    const { found, untried } = await tryAll(({ frames: { length: all } }) => {
      const counts = sample(
        Array.from({ length: Math.max(0, all - left) }, (_unused, index) => index + 1),
        MOST_REMOVALS,
      );
      return new Map(counts.map((count) => [`${which} ${count} of ${all}`, removal(count, all)] as const));
    });
    expect(found).toEqual([]);
    expect(untried).toEqual(framesOf(left));
  });
});
