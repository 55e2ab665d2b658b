import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { streamCsv } from '../../src/report/formats/csv.ts';
import { harmfulIn, makeExchangeReport, makeInputReport, makeRun, SAMPLE_RUNS, streamRun } from '../support/reports.ts';

const read = (text: string): Record<string, string>[] => parse(text, { columns: true, record_delimiter: '\r\n' });

describe('streamCsv', () => {
  it.each(SAMPLE_RUNS)('is read back by a CSV parser: %s', (_, makeSample) => {
    const run = makeSample();
    const text = streamRun(streamCsv, run);
    expect(harmfulIn(text.replaceAll('\r\n', ''))).toEqual([]);
    expect(text.startsWith('input,input_name,id,started,client_address,')).toBe(true);
    const rows = read(text);
    expect(rows.map((row) => Number(row.id))).toEqual(run.report.exchanges.map((exchange) => exchange.id));
  });

  it('has a field for what can be said of an exchange, empty for null', () => {
    const [row] = read(
      streamRun(streamCsv, makeRun([makeExchangeReport({ close: null, scope: 'vlan 5 > vxlan 42' })], [])),
    );
    expect(row).toMatchObject({
      client_address: '192.0.2.1',
      client_port: '59804',
      server_port: '0',
      verdict: 'refused',
      latency_ms: '0.043',
      frames: '1 2',
      established: 'false',
      close: '',
      layers: 'ethernet ipv4 tcp',
      scope: 'vlan 5 > vxlan 42',
      fingerprint: 'R=Y%DF=Y%T=40%W=0%S=Z%A=S+%F=AR%O=%RD=0%Q=',
    });
  });

  it('names the capture of each exchange', () => {
    const inputs = ['a.pcap', 'b, c.pcap'].map((name) => makeInputReport({ name }));
    const exchanges = [makeExchangeReport(), makeExchangeReport({ id: 2, input: 1 })];
    const rows = read(streamRun(streamCsv, makeRun(exchanges, [], { inputs })));
    expect(rows.map((row) => [row.input, row.input_name])).toEqual([
      ['0', 'a.pcap'],
      ['1', 'b, c.pcap'],
    ]);
  });

  it('says in a row of its own what was not looked into, and has none where all was', () => {
    const run = makeRun([makeExchangeReport()], []);
    const notLookedInto = { frames: 2, reasons: { 'link-type-user0': 2 } };
    const summary = { ...run.report.summary, frames: 4, notLookedInto };
    const [first, last] = read(streamRun(streamCsv, { ...run, report: { ...run.report, summary } }));
    expect(first).toMatchObject({ id: '1', not_looked_into: '' });
    const { not_looked_into: missed, ...rest } = last!;
    expect(missed).toBe('2 of 4 frames could not be looked into (link-type-user0 2)');
    expect(Object.values(rest).join('')).toBe('');
    expect(read(streamRun(streamCsv, run))).toHaveLength(1);
  });

  it('guards text of others against spreadsheets', () => {
    const inputs = [makeInputReport({ name: '@SUM(1)\n.pcap' })];
    const run = makeRun([makeExchangeReport({ scope: '=HYPERLINK("x")' })], [], { inputs });
    const [row] = read(streamRun(streamCsv, run));
    expect(row).toMatchObject({ scope: '\'=HYPERLINK("x")', input_name: "'@SUM(1)\\n.pcap" });
  });
});
