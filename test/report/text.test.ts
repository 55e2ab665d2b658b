import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { displayWidth, wrap } from '../../src/report/formats/layout.ts';
import { streamText } from '../../src/report/formats/live-text.ts';
import { formatText } from '../../src/report/formats/text.ts';
import type { ExchangeReport, FindingReport, RunResult } from '../../src/report/model/types.ts';
import {
  emptyRun,
  harmfulIn,
  hostileRun,
  makeExchangeReport,
  makeFindingReport,
  makeInputReport,
  makeRun,
  makeSilentReport,
  manyFindingsRun,
  oneFindingRun,
  SAMPLE_RUNS,
  streamRun,
} from '../support/reports.ts';

const textOf = (run: RunResult, width = 80, color = false) => [...formatText(run, { width, color })].join('');
const STYLE = new RegExp(`${String.fromCharCode(27)}\\[\\d+m`, 'g');

describe('formatText', () => {
  it.each(SAMPLE_RUNS)('has nothing in it that could steer a terminal: %s', (_, makeSample) => {
    const run = makeSample();
    const plain = textOf(run);
    expect(harmfulIn(plain.replaceAll('\n', ''))).toEqual([]);
    // With colours the same text, and nothing but colours beside it.
    const coloured = textOf(run, 80, true);
    expect(coloured).not.toBe(plain);
    expect(coloured.replace(STYLE, '')).toBe(plain);
  });

  it.each([40, 60, 80, 100, 200])('keeps to %i columns, without breaking an address', (width) => {
    const client = { address: '2001:db8:1111:2222:3333:4444:5555:6666', port: 59_804 };
    const server = { address: '2001:db8:aaaa:bbbb:cccc:dddd:eeee:ffff', port: 0 };
    const exchange = makeExchangeReport({ client, server, answeredBy: '2001:db8:ffff:ffff:ffff:ffff:ffff:ffff' });
    const run = makeRun([exchange], [makeFindingReport()]);
    const text = textOf(run, width);
    for (const address of [client.address, server.address, exchange.answeredBy!]) expect(text).toContain(address);
    // Only a line that is one word (an address with its indent) may be longer.
    for (const line of text.split('\n'))
      if (line.replace(/^=> /, '').trim().includes(' ')) expect(displayWidth(line)).toBeLessThanOrEqual(width);
    // All of a wide terminal is used.
    if (width === 200) expect(Math.max(...text.split('\n').map(displayWidth))).toBeGreaterThan(150);
  });

  it('reads as it should where nobody used port 0', () => {
    const text = textOf(emptyRun());
    expect(text).toMatch(/^portzero 0\.1\.0\n/);
    expect(text).toMatch(
      /^ {2}refused\.pcap\n {4}4 frames in 1\.88 s from 2026-11-21 05:55:10\.123456 UTC · EN10MB · pcap$/m,
    );
    expect(text).toMatch(/^ {2}refused +- +1 {3}closed$/m);
    expect(text).toMatch(/^=> Nobody used TCP port 0\.$/m);
    expect(text).toMatch(/nothing flagged/);
  });

  it('shows what was sent, how it was answered, and the filter to see it', () => {
    const text = textOf(oneFindingRun());
    expect(text).toMatch(/^warning {2}1 × SYN to port 0, refused \(closed, reset\)$/m);
    expect(text).toMatch(/05:55:10\.123456 192\.0\.2\.1:59804 → 198\.51\.100\.7:0/);
    expect(text).toMatch(/RST after 0\.043 ms · frames 1, 2/);
    expect(text).toMatch(/Wireshark frame\.number in \{1, 2\}/);
    expect(text.replace(/\s+/g, ' ')).toContain(
      '=> 192.0.2.1 put port 0 on the wire once, towards 198.51.100.7, and was refused with a RST after 0.043 ms.',
    );
  });

  it('makes one block of thousands that are alike, the worst first', () => {
    const text = textOf(manyFindingsRun(3000));
    expect(text.split('\n').length).toBeLessThan(60);
    expect(text.indexOf('error    1,000 × SYN to port 0, accepted')).toBeLessThan(
      text.indexOf('1,000 × SYN to port 0, silent'),
    );
    expect(text).toMatch(/and 997 more/);
    expect(text).toMatch(/250 clients, 1 server/);
  });

  it('says who answered when it was not the server, and what else the evidence tells', () => {
    const exchange = makeExchangeReport({
      verdict: 'unreachable',
      state: 'filtered',
      reason: 'admin-prohibited',
      answeredBy: '192.0.2.254',
    });
    const evidence = { ...exchange.evidence, notes: ['A note on it.'] };
    const text = textOf(makeRun([{ ...exchange, evidence }], [makeFindingReport()]));
    expect(text).toMatch(/admin-prohibited from 192\.0\.2\.254 after 0\.043 ms/);
    expect(text).toMatch(/! A note on it\./);
    expect(text.replace(/\s+/g, ' ')).toMatch(/turned down by ICMP \(admin-prohibited\) by 192\.0\.2\.254/);
  });

  it('shows an unsolicited answer in the direction in which it went', () => {
    const exchange = makeExchangeReport({
      probe: null,
      verdict: 'unsolicited',
      state: 'unknown',
      reason: null,
      latencyMs: null,
    });
    const text = textOf(
      makeRun([exchange], [makeFindingReport({ ruleId: 'port-zero-backscatter', severity: 'info' })]),
    );
    expect(text).toMatch(/unsolicited answer from port 0/);
    expect(text).toMatch(/198\.51\.100\.7:0 → 192\.0\.2\.1:59804/);
    expect(text).toMatch(/=> 1 answer from or to port 0 was not asked for/);
  });

  it('calls a conversation whose start the capture does not hold a late start', () => {
    const ends = [
      ['server', 'conversation with port 0'],
      ['client', 'conversation from port 0'],
      ['both', 'conversation from port 0 to port 0'],
    ] as const;
    for (const [portZero, words] of ends) {
      const exchange = makeExchangeReport({ probe: null, verdict: 'unsolicited', lateStart: true, portZero });
      const text = textOf(
        makeRun([exchange], [makeFindingReport({ ruleId: 'port-zero-backscatter', severity: 'info' })]),
      );
      expect(text.replaceAll(/\s+/g, ' ')).toContain(`1 × ${words} (late start), unsolicited`);
      // The way that the conversation was opened, as far as that is known.
      expect(text).toMatch(/192\.0\.2\.1:59804 → 198\.51\.100\.7:0/);
      expect(text).toContain('=> Of 1 conversation over port 0 the capture does not hold the start.');
      expect(text).not.toMatch(/unsolicited answer|not asked for/);
    }
  });

  it('puts known drops beside silence', () => {
    const run = makeRun([makeSilentReport()], [makeFindingReport({ frames: [1] })], {
      inputs: [makeInputReport({ drops: 12 })],
    });
    const withLoss = { ...run, lostBesideSilence: 12 };
    expect(textOf(withLoss)).toMatch(/silent .*\n +! the capture lost 12 frames, so an answer may be among them/);
    expect(textOf({ ...run, lostBesideSilence: 0 })).not.toMatch(/the capture lost/);
    expect(textOf(makeRun([makeSilentReport()], []))).not.toMatch(/lost/);
  });

  it('says beside silence that nobody counted the drops of a live capture', () => {
    const run = makeRun([makeSilentReport()], [makeFindingReport({ frames: [1] })]);
    const said = /silent .*\n +! how many frames the capture lost is not known: an answer may be\s+among them/;
    expect(textOf({ ...run, isLossUnknownBesideSilence: true })).toMatch(said);
    expect(textOf(run)).not.toMatch(/lost/);
  });

  it('names damaged inputs among many, and says that the answer is not whole', () => {
    const inputs = Array.from({ length: 64 }, (_, i) => makeInputReport({ name: `ring-${i}.pcap` }));
    inputs[63] = makeInputReport({
      name: 'ring-63.pcap',
      complete: false,
      problems: [{ code: 'truncated-record', offset: 9, frame: 3, message: 'ring-63.pcap: frame 3 at byte 9 is cut' }],
    });
    const text = textOf(makeRun([], [], { inputs }));
    expect(text).toMatch(/^ {2}64 captures, 1 not read whole · /m);
    expect(text).toMatch(/truncated-record {2}ring-63\.pcap: frame 3 at byte 9 is cut/);
    expect(text).not.toMatch(/ring-\d\.pcap/);
    expect(text).toMatch(/in what could be read/);
  });

  it('tells findings that no exchange stands for, what was not understood, and what was left out', () => {
    const run = makeRun(
      [],
      [
        makeFindingReport({
          ruleId: 'port-zero-scan',
          exchange: null,
          message: '192.0.2.1 asked port 0 of 12 hosts in 3 s',
        }),
      ],
      { omitted: { exchanges: 5, findings: 1, evicted: 3, attempts: 2 } },
    );
    const summary = { ...run.report.summary, undecoded: { 'unknown-link-type': 2, 'ipv4-truncated': 10 } };
    const text = textOf({ ...run, report: { ...run.report, summary } });
    expect(text).toMatch(/^warning {2}192\.0\.2\.1 asked port 0 of 12 hosts in 3 s$/m);
    expect(text).toMatch(/not understood {2}ipv4-truncated 10, unknown-link-type 2/);
    expect(text).toMatch(/5 exchanges, 1 finding/);
    expect(text).toMatch(/3 exchanges had to leave the full table/);
    expect(text).toMatch(/2 attempts on the same ends had one sequence number/);
  });

  it('is the same every time', () => {
    expect(textOf(manyFindingsRun(50))).toBe(textOf(manyFindingsRun(50)));
    expect(textOf(hostileRun())).toBe(textOf(hostileRun()));
  });
});

describe('the conclusion', () => {
  const conclusionOf = (run: RunResult) =>
    /=> (.*?)(?:\n {3}\S* ?(?:\d|nothing)|$)/s.exec(textOf(run, 120))![1]!.replace(/\s+/g, ' ');

  it('counts where there are several answers', () => {
    const first = makeExchangeReport();
    const second = makeSilentReport({ id: 2, client: { address: '192.0.2.9', port: 1024 } });
    const findings = [makeFindingReport(), makeFindingReport({ exchange: 2 })];
    expect(conclusionOf(makeRun([first, second], findings))).toBe(
      '192.0.2.1 and 192.0.2.9 put port 0 on the wire twice, towards 198.51.100.7: 1 was refused with a RST, 1 was met with silence.',
    );
    expect(conclusionOf(makeRun([first, { ...first, id: 2 }], findings))).toBe(
      '192.0.2.1 put port 0 on the wire twice, towards 198.51.100.7: both were refused with a RST.',
    );
  });

  it('is about what was flagged, and says how much was not', () => {
    const [first, second, third] = [1, 2, 3].map((id) => makeExchangeReport({ id }));
    const flagged =
      '192.0.2.1 put port 0 on the wire once, towards 198.51.100.7, and was refused with a RST after 0.043 ms.';
    const of = (exchanges: ExchangeReport[], findings: FindingReport[], ignored: number) =>
      conclusionOf({ ...makeRun(exchanges, findings), ignored });
    expect(of([first!], [], 1)).toBe(
      '1 exchange with port 0 was ignored, as the configuration says: counted, not flagged.',
    );
    expect(of([first!, second!, third!], [makeFindingReport()], 2)).toBe(
      `${flagged} 2 more exchanges with port 0 were ignored, as the configuration says: counted, not flagged.`,
    );
    expect(of([first!, second!, third!], [makeFindingReport()], 1)).toBe(
      `${flagged} 2 more exchanges with port 0 were not flagged, 1 of them ignored, as the configuration says.`,
    );
    // The rules for it are off.
    expect(of([first!, second!], [makeFindingReport()], 0)).toBe(
      `${flagged} 1 more exchange with port 0 was not flagged.`,
    );
  });

  it('tells flagged from ignored where all exchanges are listed', () => {
    const exchanges = [makeExchangeReport(), makeSilentReport({ id: 2, client: { address: '192.0.2.9', port: 1024 } })];
    const run = makeRun(exchanges, [makeFindingReport()]);
    const other = {
      ...makeRun(exchanges, [makeFindingReport({ exchange: 2 })]).groups[0]!,
      ruleIds: [],
      severity: null,
    };
    expect(conclusionOf({ ...run, groups: [...run.groups, other], ignored: 1 })).toMatch(
      /^192\.0\.2\.1 put port 0 on the wire once, .*RST after 0\.043 ms\. 1 more exchange with port 0 was ignored/,
    );
  });

  it('claims no number of names that it does not know', () => {
    const exchanges = Array.from({ length: 5 }, (_, i) =>
      makeExchangeReport({ id: i + 1, client: { address: `192.0.2.${i}`, port: 1024 } }),
    );
    const run = makeRun(
      exchanges,
      exchanges.map(({ id }) => makeFindingReport({ exchange: id })),
    );
    expect(conclusionOf(run)).toMatch(/^5 sources put port 0 on the wire in 5 exchanges, towards 198\.51\.100\.7:/);
    const clients = { count: 5, atLeast: true };
    const unsure = { ...run, groups: run.groups.map((group) => ({ ...group, clients })) };
    expect(conclusionOf(unsure)).toMatch(/^At least 5 sources put/);
  });
});

describe('streamText', () => {
  it('writes a line for each finding as it comes, then the summary', () => {
    const text = streamRun(streamText, manyFindingsRun(9));
    const lines = text.split('\n');
    expect(lines.slice(0, 12).every((line) => /^05:55:\d\d\.\d+ {2}(warning|error {2}) {2}\S/.test(line))).toBe(true);
    expect(lines[12]).toBe('');
    expect(lines[13]).toBe('portzero 0.1.0');
    expect(text).toMatch(/=> /);
    expect(harmfulIn(streamRun(streamText, hostileRun()).replaceAll('\n', ''))).toEqual([]);
  });
});

describe('layout', () => {
  it('counts columns as terminals do', () => {
    expect(displayWidth('abc')).toBe(3);
    expect(displayWidth('日本語')).toBe(6);
    expect(displayWidth('e\u0301')).toBe(1);
    expect(displayWidth('\u001b[31mred\u001b[39m → ·')).toBe(7);
  });

  it('wraps without losing, breaking or joining words', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z0-9:.]{1,30}$/), { minLength: 1 }),
        fc.integer({ min: 10, max: 80 }),
        (words, width) => {
          const lines = wrap(words.join(' '), width, '  ', '    ').trimEnd().split('\n');
          expect(lines.flatMap((line) => line.trim().split(' '))).toEqual(words);
          for (const line of lines) if (line.length > width) expect(line.trim()).not.toContain(' ');
        },
      ),
    );
  });
});
