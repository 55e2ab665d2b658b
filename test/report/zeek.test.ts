import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { analyzeCapture } from '../../src/index.ts';
import { streamZeek } from '../../src/report/formats/zeek.ts';
import type { RunResult } from '../../src/report/model/types.ts';
import { fixture } from '../support/command.ts';
import {
  HOSTILE,
  harmfulIn,
  makeExchangeReport,
  makeFindingReport,
  makeInputReport,
  makeRun,
  makeSilentReport,
  SAMPLE_RUNS,
  streamRun,
} from '../support/reports.ts';
import { describeWith } from '../support/tools.ts';
import { readZeekLog } from '../support/zeek-log.ts';

const read = (run: RunResult) => readZeekLog(streamRun(streamZeek, run));

/** Name and type of what we have in common with conn.log, in its order: record Conn::Info of Zeek's base/protocols/conn/main.zeek. */
const CONN_LOG = [
  ['ts', 'time'],
  ['uid', 'string'],
  ['id.orig_h', 'addr'],
  ['id.orig_p', 'port'],
  ['id.resp_h', 'addr'],
  ['id.resp_p', 'port'],
  ['proto', 'enum'],
  ['orig_bytes', 'count'],
  ['resp_bytes', 'count'],
  ['conn_state', 'string'],
  // policy/protocols/conn/community-id-logging.zeek
  ['community_id', 'string'],
];

describe('streamZeek', () => {
  it('begins and ends as Zeek begins and ends a log', () => {
    const lines = streamRun(streamZeek, makeRun([makeExchangeReport()], [])).split('\n');
    expect(lines.slice(0, 5)).toEqual([
      '#separator \\x09',
      '#set_separator\t,',
      '#empty_field\t(empty)',
      '#unset_field\t-',
      '#path\tportzero',
    ]);
    expect(lines[5]).toMatch(/^#open\t\d{4}(-\d{2}){5}$/);
    expect(lines[6]).toMatch(/^#fields\tts\tuid\tid\.orig_h\t/);
    expect(lines[7]).toMatch(/^#types\ttime\tstring\taddr\t/);
    expect(lines.at(-2)).toMatch(/^#close\t\d{4}(-\d{2}){5}$/);
    expect(lines.at(-1)).toBe('');
  });

  it('names and types what conn.log has as conn.log does', () => {
    const { fields, types } = read(makeRun([], []));
    expect(fields.map((field, index) => [field, types[index]]).slice(0, CONN_LOG.length)).toEqual(CONN_LOG);
    expect(new Set(fields).size).toBe(fields.length);
  });

  it.each(SAMPLE_RUNS)('is read back by its header, whatever names and messages hold: %s', (_, makeSample) => {
    const run = makeSample();
    const text = streamRun(streamZeek, run);
    expect(harmfulIn(text.replaceAll('\n', '').replaceAll('\t', ''))).toEqual([]);
    expect(text).toMatch(/^[ -~\t\n]*$/);
    const { rows } = readZeekLog(text);
    const { exchanges, findings } = run.report;
    expect(rows.filter(({ kind }) => kind === 'exchange')).toHaveLength(exchanges.length);
    expect(rows.filter(({ kind }) => kind === 'finding')).toHaveLength(
      findings.filter(({ exchange }) => exchange === null).length,
    );
  });

  it('gives back what it was given, to the character', () => {
    const message = `${HOSTILE.replace(/\ud800/, '')} \\x41 a,b`;
    const found = makeFindingReport({ exchange: null, message });
    const exchange = makeExchangeReport({ scope: '-', anomalies: ['a,b', '(empty)', '\\'] });
    const inputs = [makeInputReport({ name: '#fields' })];
    const { rows } = read(makeRun([exchange], [found, makeFindingReport()], { inputs }));
    expect(rows).toEqual([
      expect.objectContaining({ kind: 'finding', msg: message, rules: ['syn-to-port-zero'], verdict: null }),
      expect.objectContaining({
        kind: 'exchange',
        input: '#fields',
        scope: '-',
        anomalies: ['a,b', '(empty)', '\\'],
        rules: ['syn-to-port-zero'],
        msg: null,
      }),
    ]);
  });

  it('has all of an exchange', () => {
    const { rows } = read(
      makeRun([makeExchangeReport()], [makeFindingReport({ known: { since: '2026-11-20', why: '' } })]),
    );
    expect(rows[0]).toMatchObject({
      ts: 1_795_240_510.123456,
      'id.orig_h': '192.0.2.1',
      'id.orig_p': 59_804,
      'id.resp_h': '198.51.100.7',
      'id.resp_p': 0,
      proto: 'tcp',
      orig_bytes: 0,
      conn_state: 'REJ',
      community_id: '1:LQU9qZlK+B5F3KDmev6m5PMibrg=',
      input: 'refused.pcap',
      verdict: 'refused',
      latency: 0.000043,
      answered_by: '198.51.100.7',
      inferred: false,
      close: null,
      frames: [1, 2],
      layers: ['ethernet', 'ipv4', 'tcp'],
      scope: '',
      anomalies: [],
      rules: ['syn-to-port-zero'],
      known: ['syn-to-port-zero'],
    });
    // Zeek's are a C and about 17 characters of base 62.
    expect(rows[0]!.uid).toMatch(/^C[0-9A-Za-z]{17}$/);
  });

  it.each([
    ['2026-11-21T05:55:10.123456789Z', '1795240510.123456789'],
    ['2026-11-21T05:55:10Z', '1795240510.000000'],
    ['1969-12-31T23:59:58.250Z', '-1.750000'],
    ['1969-12-31T23:59:59Z', '-1.000000'],
    ['1969-12-31T23:59:59.5Z', '-0.500000'],
  ])('has the time %s as %s', (started, expected) => {
    const line = streamRun(streamZeek, makeRun([makeExchangeReport({ started })], []))
      .split('\n')
      .at(-3)!;
    expect(line.split('\t')[0]).toBe(expected);
  });

  it('leaves a time that there is none of unset', () => {
    expect(read(makeRun([makeExchangeReport({ started: null })], [])).rows[0]!.ts).toBeNull();
  });

  it('gives each exchange an id of its own, the same in every run', () => {
    const exchanges = [makeExchangeReport(), makeExchangeReport({ id: 2, started: '2026-11-21T05:55:11.000000Z' })];
    const [first, second] = read(makeRun(exchanges, [])).rows;
    expect(first!.uid).not.toBe(second!.uid);
    expect(read(makeRun(exchanges, [])).rows.map(({ uid }) => uid)).toEqual([first!.uid, second!.uid]);
  });

  it('says in a row of its own what was not looked into, and nothing where all was', () => {
    const run = makeRun([], []);
    const notLookedInto = { frames: 2, reasons: { 'link-type-user0': 2 } };
    const summary = { ...run.report.summary, frames: 4, notLookedInto };
    const { rows } = read({ ...run, report: { ...run.report, summary } });
    expect(rows).toEqual([
      expect.objectContaining({ kind: 'not-looked-into', frame_count: 2, ts: null, uid: null, 'id.orig_h': null }),
    ]);
    expect(rows[0]!.msg).toBe('2 of 4 frames could not be looked into (link-type-user0 2)');
    expect(read(run).rows).toEqual([]);
  });

  /** By conn_state() of Zeek's base/protocols/conn/main.zeek. */
  const fin = (sender: 'client' | 'server', flags = 'FIN,ACK') => ({
    ...{ frame: 4, time: null, sender, ttl: 64, flags, sequence: 1, acknowledgment: 1, window: 1 },
    ...{ payloadLength: 0, checksumBad: false },
  });
  const opened = (close: 'fin' | 'reset' | null, segments: ReturnType<typeof fin>[], established = true) => {
    const exchange = makeExchangeReport({ verdict: 'accepted', state: 'open', reason: 'syn-ack', close, established });
    return { ...exchange, evidence: { ...exchange.evidence, segments } };
  };
  it.each([
    ['REJ', makeExchangeReport()],
    ['S0', makeSilentReport()],
    ['S0', makeExchangeReport({ verdict: 'unreachable', state: 'filtered', reason: 'port-unreach' })],
    ['S1', opened(null, [])],
    ['S2', opened(null, [fin('client')])],
    ['S3', opened(null, [fin('server')])],
    ['SF', opened('fin', [fin('client'), fin('server')])],
    ['RSTO', opened('reset', [fin('client', 'RST')])],
    ['RSTR', opened('reset', [fin('server', 'RST,ACK')])],
    // It hangs on more than is known.
    [null, opened(null, [], false)],
    [null, makeExchangeReport({ probe: 'null' })],
    [null, makeExchangeReport({ verdict: 'undecided', state: 'unknown', reason: null })],
    [null, { ...opened(null, []), portZero: null }],
  ] as const)('has the connection state %s', (state, exchange) => {
    expect(read(makeRun([exchange], [])).rows[0]!.conn_state).toBe(state);
  });
});

describeWith(['tshark'], 'streamZeek, held against tshark', () => {
  it('names the ends, the time and the Community ID of the SYN', async () => {
    const path = fixture('accepted/redirect-ipv4.pcap');
    const { rows } = read(await analyzeCapture(path).result());
    const args = ['-r', path, '-Y', 'tcp.flags.syn == 1 && tcp.flags.ack == 0', '--enable-protocol', 'communityid'];
    const names = ['frame.time_epoch', 'ip.src', 'tcp.srcport', 'ip.dst', 'tcp.dstport', 'communityid'];
    const all = [...args, '-T', 'fields', ...names.flatMap((name) => ['-e', name])];
    const seen = execFileSync('tshark', all, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const expected = seen
      .trim()
      .split('\n')
      .map((line) => line.split('\t'));
    expect(
      rows.map((row) => [
        row.ts,
        row['id.orig_h'],
        row['id.orig_p'],
        row['id.resp_h'],
        row['id.resp_p'],
        row.community_id,
      ]),
    ).toEqual(
      expected.map(([time, src, sport, dst, dport, id]) => [Number(time), src, Number(sport), dst, Number(dport), id]),
    );
  });
});
