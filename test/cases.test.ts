import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { analyzeCapture } from '../src/analysis/analyze-capture.ts';
import type { AnalysisReport, ExchangeReport } from '../src/report/model/types.ts';
import { runCommand } from './support/command.ts';

const FOLDER = join(import.meta.dirname, 'cases');
const tried = new Set<string>();

async function analyze(file: string): Promise<AnalysisReport> {
  tried.add(file);
  return analyzeCapture(join(FOLDER, file), { exchanges: 'all' }).report();
}

/** The only exchange of a capture, and the rules that fired. */
async function analyzeOne(
  file: string,
): Promise<{ exchange: ExchangeReport; rules: string[]; report: AnalysisReport }> {
  const report = await analyze(file);
  expect(report.exchanges).toHaveLength(1);
  return { exchange: report.exchanges[0]!, rules: rulesOf(report), report };
}

const rulesOf = ({ findings }: AnalysisReport): string[] => [...new Set(findings.map(({ ruleId }) => ruleId))].sort();

describe('an ACK that does not acknowledge the SYN', () => {
  it.each(['challenge-port0.pcap', 'challenge-port80.pcap'])('challenges it, on every port: %s', async (file) => {
    const { exchange } = await analyzeOne(file);
    expect(exchange).toMatchObject({ verdict: 'challenged', state: 'unfiltered', reason: 'tcp-response' });
  });
});

describe('answers that were not captured', () => {
  it('follow from a RST that acknowledges data, on port 0', async () => {
    const { exchange, rules } = await analyzeOne('lost-syn-ack-then-rst-port0.pcap');
    expect(exchange).toMatchObject({ verdict: 'accepted', inferred: true, state: 'open', reason: 'syn-ack' });
    expect(exchange).toMatchObject({ bytesToServer: 6, close: 'reset' });
    expect(exchange.frames.answer).toBeNull();
    expect(rules).toContain('port-zero-accepted');
    expect(rules).not.toContain('invalid-reset');
  });

  it('follow from it on other ports, too', async () => {
    const { exchange, rules } = await analyzeOne('lost-syn-ack-then-rst-port80.pcap');
    expect(exchange).toMatchObject({ verdict: 'accepted', inferred: true });
    expect(rules).toEqual([]);
  });

  it("follow from the server's data", async () => {
    const { exchange, rules } = await analyzeOne('synack-and-ack-lost.pcap');
    expect(exchange).toMatchObject({
      verdict: 'accepted',
      inferred: true,
      bytesToServer: 3,
      bytesToClient: 6,
      close: 'fin',
    });
    expect(rules).toContain('port-zero-accepted');
  });
});

describe('captures that began late', () => {
  it('hold one conversation, however long it idles', async () => {
    const { exchange, rules } = await analyzeOne('late-synack-idle-data.pcap');
    expect(exchange).toMatchObject({ verdict: 'unsolicited', bytesToServer: 5 });
    expect(rules).not.toContain('stealth-probe-to-port-zero');
  });

  it("hold one conversation of which only the server's half is there", async () => {
    const { exchange, rules } = await analyzeOne('oneway-server-idle.pcap');
    expect(exchange).toMatchObject({ verdict: 'unsolicited', bytesToClient: 50, close: null });
    expect(rules).not.toContain('stealth-probe-to-port-zero');
  });

  it("hold a victim's SYN-ACK, sent again and again, as one event", async () => {
    const { exchange, report } = await analyzeOne('synack-linux-retx.pcap');
    expect(exchange).toMatchObject({ verdict: 'unsolicited' });
    expect(report.findings.map(({ ruleId }) => ruleId)).toEqual(['port-zero-backscatter']);
  });
});

describe('answers that are no answers', () => {
  it('an ICMP error with a bad checksum is evidence', async () => {
    const { exchange } = await analyzeOne('icmp-bad-checksum.pcap');
    expect(exchange).toMatchObject({ verdict: 'silent', state: 'filtered', reason: 'no-response' });
    expect(exchange.evidence.otherAnswers).toMatchObject([{ kind: 'icmp', checksumBad: true }]);
  });

  it('a SYN-ACK with a bad checksum is evidence', async () => {
    const { exchange, rules } = await analyzeOne('synack-bad-checksum.pcap');
    expect(exchange).toMatchObject({ verdict: 'silent' });
    expect(exchange.evidence.otherAnswers).toMatchObject([{ kind: 'syn-ack', checksumBad: true }]);
    expect(rules).not.toContain('port-zero-accepted');
  });

  it('text in a RST is no data of the connection', async () => {
    const { exchange, rules } = await analyzeOne('rst-with-text.pcap');
    expect(exchange.verdict).toBe('refused');
    expect(exchange.evidence.answer).toMatchObject({ payloadLength: 11, payloadText: expect.stringMatching(/./) });
    expect(rules).toEqual(['syn-to-port-zero']);
  });
});

describe('a hundred attempts on one 4-tuple', () => {
  it('are all silent without an answer', async () => {
    const { summary, omitted } = await analyze('one-tuple-no-answers.pcap');
    // The last SYN, from elsewhere to port 80, only tells the time.
    expect(summary.portZero).toMatchObject({ total: 100, silent: 100 });
    expect(omitted.evicted).toBe(0);
    const { stdout, stderr } = await runCommand([join(FOLDER, 'one-tuple-no-answers.pcap')]);
    expect(stdout + stderr).not.toMatch(/full table|--max-exchanges/);
  });

  it('are each refused by the RST that acknowledges it', async () => {
    const report = await analyze('slow-answers-one-tuple.pcap');
    expect(report.summary.exchanges).toMatchObject({ total: 100, refused: 100 });
    for (const { latencyMs } of report.exchanges) expect(latencyMs).toBeCloseTo(200, 1);
    expect(rulesOf(report)).not.toContain('invalid-reset');
  });
});

describe('what else captures hold', () => {
  it('TCP in a tunnel whose outer packet is in fragments', async () => {
    const { exchange } = await analyzeOne('gtp-outer-fragments-synthetic.pcap');
    expect(exchange).toMatchObject({ verdict: 'accepted', established: true });
    expect(exchange.frames.all).toEqual(expect.arrayContaining([3, 4]));
    expect(exchange.bytesToServer + exchange.bytesToClient).toBeGreaterThanOrEqual(1400);
  });

  it('a drop counter of all ones, which says nothing', async () => {
    const { exchange, report } = await analyzeOne('isb-drop-unknown.pcapng');
    expect(exchange.verdict).toBe('refused');
    expect(report.inputs[0]!.drops).toBeNull();
  });

  it('QinQ with 0x8200', async () => {
    const { exchange } = await analyzeOne('qinq-8200.pcap');
    expect(exchange).toMatchObject({ verdict: 'refused', scope: expect.stringMatching(/^vlan \d+ > vlan \d+$/) });
  });

  it('frames without a time', async () => {
    const report = await analyze('spb-flood.pcapng');
    expect(report.summary.portZero.total).toBe(150);
    for (const { started, latencyMs } of report.exchanges) expect([started, latencyMs]).toEqual([null, null]);
    expect(rulesOf(report)).not.toContain('port-zero-flood');
    const { stdout } = await runCommand([join(FOLDER, 'spb-flood.pcapng')]);
    expect(stdout).toMatch(/no time/i);
    expect(stdout).toMatch(/rates?\b/);
  });

  it('a link type that nobody knows, unless somebody says what it is', async () => {
    tried.add('user0.pcap');
    const path = join(FOLDER, 'user0.pcap');
    const blind = await runCommand([path, '-f', 'json']);
    expect(blind.status).toBe(2);
    expect(JSON.parse(blind.stdout).inputs[0]).toMatchObject({
      complete: false,
      problems: [{ code: 'link-type-unknown' }],
    });
    const told = await runCommand([path]);
    expect(told.status).toBe(2);
    expect(told.stdout).not.toMatch(/Nobody used/);
    const named = await runCommand([path, '-f', 'json', '--link-type', 'ethernet']);
    expect(JSON.parse(named.stdout).summary.portZero).toMatchObject({ total: 1, refused: 1 });
  });
});

it('every case is tried', () => {
  expect([...tried].sort()).toEqual(
    readdirSync(FOLDER)
      .filter((name) => name !== 'README.md')
      .sort(),
  );
});
