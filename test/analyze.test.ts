import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { analyzeCapture } from '../src/index.ts';
import type { ExchangeReport, SummaryReport } from '../src/report/model/types.ts';
import { VERDICTS } from '../src/track/exchange.ts';
import { type ExpectedExchange, FIXTURES, loadManifest } from './support/manifest.ts';
import { describeWith } from './support/tools.ts';

const manifest = loadManifest();

function endText({ address, port }: ExchangeReport['client']): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

/** "10.0.0.1:*" stands for any port there, "*:*" for anybody. */
function isEnd(pattern: string, end: ExchangeReport['client']): boolean {
  if (pattern === '*:*') return true;
  return pattern.endsWith(':*') ? endText(end).startsWith(pattern.slice(0, -1)) : endText(end) === pattern;
}

function isExpected(expected: ExpectedExchange, exchange: ExchangeReport): boolean {
  const { client, server, probeFrame, answerFrame, all, count: _, ...rest } = expected;
  const seen = exchange as unknown as Record<string, unknown>;
  return (
    isEnd(client, exchange.client) &&
    isEnd(server, exchange.server) &&
    (probeFrame === undefined || probeFrame === exchange.frames.probe) &&
    (answerFrame === undefined || answerFrame === exchange.frames.answer) &&
    (all === undefined || JSON.stringify(all) === JSON.stringify(exchange.frames.all)) &&
    Object.entries(rest).every(([key, value]) => JSON.stringify(seen[key]) === JSON.stringify(value))
  );
}

/** What a failure shows: the part of an exchange that the manifest speaks of. */
function brief(exchange: ExchangeReport) {
  const { probe, verdict, state, reason, answeredBy, retransmissions, frames, layers, scope } = exchange;
  const ends = `${endText(exchange.client)} > ${endText(exchange.server)}`;
  return { ends, probe, verdict, state, reason, answeredBy, retransmissions, frames, layers, scope };
}

const nonZero = (counts: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(counts).filter(([name, count]) => name !== 'total' && count > 0));

const withoutPortZero = ({ exchanges, portZero }: SummaryReport) =>
  Object.fromEntries(VERDICTS.map((verdict) => [verdict, exchanges[verdict] - portZero[verdict]]));

describe('the captures of the lab', () => {
  it.each(manifest.map((entry) => [entry.file, entry] as const))('%s', async (file, entry) => {
    const report = await analyzeCapture(join(FIXTURES, file), { exchanges: 'all' }).report();
    const [input] = report.inputs;
    const { format, compression, problems = [] } = entry;
    expect(input).toMatchObject({ format, compression, complete: problems.length === 0 });
    expect(input?.problems.map(({ code }) => code)).toEqual(problems);
    expect(input?.linkTypes).toEqual(entry.linkTypes);
    expect(report.summary.frames).toBe(entry.frames);
    const { portZero, others, rules } = entry.expect;
    if (portZero !== undefined) expect(nonZero(report.summary.portZero)).toEqual(portZero);
    if (others !== undefined) expect(nonZero(withoutPortZero(report.summary))).toEqual(others);

    const left = [...report.exchanges];
    for (const expected of entry.expect.exchanges) {
      for (let count = expected.count ?? 1; count > 0; count--) {
        const at = left.findIndex((exchange) => isExpected(expected, exchange));
        expect(at, `${JSON.stringify(expected)}\nnot among\n${JSON.stringify(left.map(brief), null, 1)}`).not.toBe(-1);
        left.splice(at, 1);
      }
    }
    if (portZero !== undefined) expect(left.filter((exchange) => exchange.portZero !== null).map(brief)).toEqual([]);
    const fired = [...new Set(report.findings.map(({ ruleId }) => ruleId))].sort();
    if (rules !== undefined) expect(fired).toEqual([...rules].sort());
  });

  it.each(manifest.flatMap((entry) => (entry.nmap === undefined ? [] : [[entry.file, entry.nmap] as const])))(
    '%s: state and reason as nmap says',
    async (file, nmap) => {
      const report = await analyzeCapture(join(FIXTURES, file), { exchanges: 'all' }).report();
      const words = report.exchanges.map(({ state, reason }) => `${state} ${reason}`);
      expect(words).toContain(`${nmap.state} ${nmap.reason}`);
    },
  );

  it.each(
    manifest.flatMap(({ file, tshark }) =>
      tshark.portZeroFrames === null || tshark.differs !== undefined ? [] : [[file, tshark.portZeroFrames] as const],
    ),
  )('%s: the frames that tshark dissects as TCP with port 0, and no others', async (file, frames) => {
    const report = await analyzeCapture(join(FIXTURES, file)).report();
    const used = report.exchanges.flatMap((exchange) => (exchange.portZero === null ? [] : exchange.frames.all));
    expect([...new Set(used)].sort((a, b) => a - b)).toEqual(frames);
  });

  it.each(manifest.flatMap(({ file, nmapOs }) => (nmapOs === undefined ? [] : [[file, nmapOs] as const])))(
    "%s: nmap's own fingerprint of the closed port",
    async (file, { t5, answerFrame }) => {
      const report = await analyzeCapture(join(FIXTURES, file), { exchanges: 'all' }).report();
      const answer = report.exchanges.find(({ frames }) => frames.answer === answerFrame)?.evidence.answer;
      expect(answer?.fingerprint).toBe(t5);
    },
  );
});

describe('the evidence of exchanges on other ports', () => {
  // Which is not even collected where nobody looks at it.
  it.each(manifest.map(({ file }) => file))('changes nothing that is said of port 0: %s', async (file) => {
    const path = join(FIXTURES, file);
    const all = await analyzeCapture(path, { exchanges: 'all' }).report();
    const flagged = await analyzeCapture(path).report();
    expect(flagged.summary).toEqual(all.summary);
    const hasFinding = new Set(all.findings.map(({ exchange }) => exchange));
    const withoutIds = (exchanges: readonly ExchangeReport[]) => exchanges.map(({ id: _, ...rest }) => rest);
    expect(withoutIds(flagged.exchanges)).toEqual(withoutIds(all.exchanges.filter(({ id }) => hasFinding.has(id))));
    const withoutExchange = (findings: typeof all.findings) => findings.map(({ exchange: _, ...rest }) => rest);
    expect(withoutExchange(flagged.findings)).toEqual(withoutExchange(all.findings));
  });
});

describeWith(['tshark'], 'tshark itself', () => {
  // zstd is an option of its build.
  const readable = manifest.filter(
    ({ compression, tshark }) => compression !== 'zstd' && tshark.portZeroFrames !== null,
  );

  it.each(readable.map(({ file, tshark }) => [file, tshark.portZeroFrames] as const))(
    'finds port 0 in those frames of %s',
    (file, frames) => {
      const args = ['-n', '-r', join(FIXTURES, file), '-Y', 'tcp.port == 0', '-T', 'fields', '-e', 'frame.number'];
      const { stdout, status } = spawnSync('tshark', args, { encoding: 'utf8' });
      expect(status).toBe(0);
      expect(stdout.split('\n').filter(Boolean).map(Number)).toEqual(frames);
    },
  );
});
