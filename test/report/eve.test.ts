import { execFileSync } from 'node:child_process';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { analyzeCapture } from '../../src/index.ts';
import { streamEve } from '../../src/report/formats/eve.ts';
import { rules } from '../../src/rules/index.ts';
import { fixture } from '../support/command.ts';
import {
  harmfulIn,
  makeExchangeReport,
  makeFindingReport,
  makeRun,
  oneFindingRun,
  SAMPLE_RUNS,
  streamRun,
} from '../support/reports.ts';
import { describeWith } from '../support/tools.ts';

/** Names, types and the form of the time stamp as etc/schema.json of Suricata gives them for an alert; ours under portzero. */
const text = { type: 'string' };
const integer = { type: 'integer' };
const validate = new Ajv2020().compile({
  type: 'object',
  required: ['timestamp', 'event_type', 'alert'],
  additionalProperties: false,
  properties: {
    timestamp: { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}\\.\\d+[+\\-]\\d+$' },
    flow_id: integer,
    pcap_cnt: integer,
    event_type: { const: 'alert' },
    src_ip: text,
    src_port: integer,
    dest_ip: text,
    dest_port: integer,
    proto: { enum: ['TCP', 'UDP'] },
    community_id: text,
    alert: {
      type: 'object',
      required: ['action', 'gid', 'signature_id', 'rev', 'signature', 'category', 'severity'],
      additionalProperties: false,
      properties: {
        action: { enum: ['allowed', 'blocked'] },
        gid: integer,
        signature_id: { type: 'integer', minimum: 1_000_000, maximum: 1_999_999 },
        rev: integer,
        signature: text,
        category: text,
        severity: { type: 'integer', minimum: 1, maximum: 3 },
      },
    },
    portzero: { type: 'object' },
  },
});

const recordsOf = (text: string) =>
  text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

describe('streamEve', () => {
  it.each(SAMPLE_RUNS)('writes records of the shape that Suricata writes: %s', (_, makeSample) => {
    const run = makeSample();
    const output = streamRun(streamEve, run);
    expect(harmfulIn(output.replaceAll('\n', ''))).toEqual([]);
    const records = recordsOf(output);
    expect(records).toHaveLength(run.report.findings.length);
    for (const record of records) {
      validate(record);
      expect(validate.errors).toBeNull();
    }
  });

  it('says who, whom, when and what', () => {
    const [record] = recordsOf(streamRun(streamEve, oneFindingRun()));
    expect(record).toMatchObject({
      timestamp: '2026-11-21T05:55:10.123456+0000',
      pcap_cnt: 1,
      src_ip: '192.0.2.1',
      src_port: 59_804,
      dest_ip: '198.51.100.7',
      dest_port: 0,
      proto: 'TCP',
      community_id: '1:LQU9qZlK+B5F3KDmev6m5PMibrg=',
      alert: { severity: 2, gid: 1 },
      portzero: { finding: { ruleId: 'syn-to-port-zero' }, exchange: { verdict: 'refused' } },
    });
  });

  it('has microseconds whatever the capture has', () => {
    const timeOf = (time: string) =>
      recordsOf(streamRun(streamEve, makeRun([], [makeFindingReport({ exchange: null, time })])))[0].timestamp;
    expect(timeOf('2026-11-21T05:55:10.123456789Z')).toBe('2026-11-21T05:55:10.123456+0000');
    expect(timeOf('2026-11-21T05:55:10.1Z')).toBe('2026-11-21T05:55:10.100000+0000');
    expect(timeOf('2026-11-21T05:55:10Z')).toBe('2026-11-21T05:55:10.000000+0000');
  });

  it('has the flow id of an exchange in all its records and in every run, and no other', () => {
    const exchanges = [makeExchangeReport(), makeExchangeReport({ id: 2, started: '2026-11-21T05:55:11.000000Z' })];
    const findings = [1, 1, 2].map((exchange) => makeFindingReport({ exchange }));
    const ids = recordsOf(streamRun(streamEve, makeRun(exchanges, findings))).map((record) => record.flow_id);
    expect(ids[0]).toBe(ids[1]);
    expect(ids[0]).not.toBe(ids[2]);
    expect(ids.every(Number.isSafeInteger)).toBe(true);
    expect(recordsOf(streamRun(streamEve, makeRun(exchanges, findings))).map((record) => record.flow_id)).toEqual(ids);
  });

  it('turns the ends round for an answer that nobody asked for', () => {
    const backscatter = makeExchangeReport({ probe: null, verdict: 'unsolicited', reason: null, state: 'unknown' });
    const evidence = { ...backscatter.evidence, probe: null };
    const run = makeRun([{ ...backscatter, evidence }], [makeFindingReport({ frames: [2] })]);
    expect(recordsOf(streamRun(streamEve, run))[0]).toMatchObject({ src_ip: '198.51.100.7', dest_ip: '192.0.2.1' });
  });

  it('leaves out what a finding about several exchanges does not have', () => {
    const scan = makeFindingReport({
      ruleId: 'port-zero-scan',
      exchange: null,
      data: { client: '192.0.2.1', serverPort: 0, hosts: 10 },
    });
    const untouched = makeFindingReport({
      ruleId: 'expectation',
      exchange: null,
      time: null,
      frames: [],
      data: { name: 'a' },
    });
    const [first, second] = recordsOf(streamRun(streamEve, makeRun([], [scan, untouched])));
    expect(first).toMatchObject({ src_ip: '192.0.2.1', dest_port: 0, proto: 'TCP' });
    for (const unknown of ['src_port', 'dest_ip', 'flow_id', 'community_id']) expect(first).not.toHaveProperty(unknown);
    // When the capture ended.
    expect(second.timestamp > first.timestamp).toBe(true);
    expect(second).not.toHaveProperty('pcap_cnt');
  });

  it('makes up no time for a frame that has none: it has the one that libpcap gives it', () => {
    const timed = makeFindingReport();
    const timeless = makeFindingReport({ time: null });
    const untouched = makeFindingReport({ ruleId: 'expectation', exchange: null, time: null, frames: [], data: {} });
    const run = makeRun([], [timed, timeless, untouched]);
    const records = recordsOf(streamRun(streamEve, run));
    expect(records.map(({ timestamp }) => timestamp)).toEqual([
      expect.not.stringMatching(/^1970/),
      '1970-01-01T00:00:00.000000+0000',
      // When the capture ended.
      expect.not.stringMatching(/^1970/),
    ]);
    expect(records[1].portzero.finding.time).toBeNull();
    const without = { ...run, report: { ...run.report, inputs: [] } };
    expect(recordsOf(streamRun(streamEve, without)).at(-1).timestamp).toMatch(/^1970-01-01T/);
  });

  it('is about UDP where the datagrams were, whatever rule flagged them', () => {
    const data = { client: '192.0.2.1', clientPort: 0, server: '198.51.100.7', serverPort: 0, transport: 'udp' };
    const findings = ['udp-port-zero', 'my-own'].map((ruleId) => makeFindingReport({ ruleId, exchange: null, data }));
    const records = recordsOf(streamRun(streamEve, makeRun([], findings)));
    // RFC 768: no source port is port 0, which is a port to Suricata.
    const ends = { src_ip: '192.0.2.1', src_port: 0, dest_ip: '198.51.100.7', dest_port: 0 };
    for (const record of records) expect(record).toMatchObject({ proto: 'UDP', ...ends });
    expect(records[0].flow_id).toBe(records[1].flow_id);
    expect(Number.isSafeInteger(records[0].flow_id)).toBe(true);
  });

  it('says in a record of statistics what was not looked into, which no alert can, and writes none where all was', () => {
    const run = makeRun([], []);
    const notLookedInto = { frames: 2, reasons: { 'link-type-user0': 2 } };
    const summary = { ...run.report.summary, frames: 4, notLookedInto };
    const [record, ...others] = recordsOf(streamRun(streamEve, { ...run, report: { ...run.report, summary } }));
    expect(others).toEqual([]);
    expect(record).toMatchObject({
      timestamp: '2026-11-21T05:55:12.000001+0000',
      event_type: 'stats',
      // As Suricata names them.
      stats: { decoder: { pkts: 4, bytes: 296 }, detect: { alert: 0 } },
      portzero: {
        message: '2 of 4 frames could not be looked into (link-type-user0 2)',
        summary: { frames: 4, notLookedInto },
      },
    });
    expect(streamRun(streamEve, run)).toBe('');
  });

  it('gives every rule a signature id of its own', () => {
    const findings = [...rules.map((rule) => rule.meta.id), 'expectation', 'my-own', 'my-other'].map((ruleId) =>
      makeFindingReport({ ruleId, exchange: null }),
    );
    const ids = recordsOf(streamRun(streamEve, makeRun([], findings))).map((record) => record.alert.signature_id);
    expect(new Set(ids).size).toBe(findings.length);
    expect(ids.slice(0, -2).every((id) => id < 1_700_000)).toBe(true);
  });
});

const FIELDS = ['ip.src', 'ipv6.src', 'udp.srcport', 'ip.dst', 'ipv6.dst', 'udp.dstport', 'communityid'];

describeWith(['tshark'], 'streamEve, held against tshark', () => {
  it.each(['nmap-to-zero', 'to-zero', 'to-zero-ipv6'])('names the flow of the datagram in %s.pcap', async (name) => {
    const path = fixture(`udp/${name}.pcap`);
    const run = await analyzeCapture(path).result();
    const [record, ...others] = recordsOf(streamRun(streamEve, run));
    expect(others).toEqual([]);
    const only = ['-Y', `frame.number == ${record.pcap_cnt}`, '--enable-protocol', 'communityid'];
    const args = ['-r', path, ...only, '-T', 'fields', ...FIELDS.flatMap((field) => ['-e', field])];
    const seen = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const { src_ip, src_port, dest_ip, dest_port, community_id } = record;
    const written = [src_ip, src_port, dest_ip, dest_port, community_id].map(String);
    expect(written).toEqual(
      seen
        .trim()
        .split('\t')
        .filter((value) => value !== ''),
    );
  });
});

describeWith(['jq'], 'streamEve, read by jq', () => {
  it.each(SAMPLE_RUNS)('%s', (_, makeSample) => {
    const run = makeSample();
    const input = streamRun(streamEve, run);
    const count = execFileSync(
      'jq',
      ['-n', '[inputs | select(.event_type == "alert") | .alert.signature_id] | length'],
      {
        input,
        encoding: 'utf8',
      },
    );
    expect(Number(count)).toBe(run.report.findings.length);
  });
});
