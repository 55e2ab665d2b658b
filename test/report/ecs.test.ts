import { isIP } from 'node:net';
import { EcsFlat, EcsVersion } from '@elastic/ecs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { analyzeCapture } from '../../src/index.ts';
import { streamEcs } from '../../src/report/formats/ecs.ts';
import type { RunResult, StatsReport } from '../../src/report/model/types.ts';
import { VERDICTS } from '../../src/track/exchange.ts';
import { fixture } from '../support/command.ts';
import {
  harmfulIn,
  makeExchangeReport,
  makeFindingReport,
  makeRun,
  manyFindingsRun,
  oneFindingRun,
  SAMPLE_RUNS,
  streamRun,
} from '../support/reports.ts';

interface EcsField {
  readonly type: string;
  readonly normalize: readonly string[];
  readonly ignore_above?: number;
  readonly allowed_values?: readonly { readonly name: string; readonly expected_event_types?: readonly string[] }[];
}
/** Elastic's own table of all fields. */
const SCHEMA = EcsFlat as unknown as Readonly<Record<string, EcsField>>;

type Json = string | number | boolean | null | Json[] | { [name: string]: Json };
type Document = { [name: string]: Json };

const documentsOf = (text: string): Document[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
const read = (run: RunResult) => documentsOf(streamRun(streamEcs, run));
const of = (documents: Document[], dataset: string) =>
  documents.filter((document) => (document.event as Document).dataset === `portzero.${dataset}`);

const IS_OF_TYPE: Readonly<Record<string, (value: Json) => boolean>> = {
  keyword: (value) => typeof value === 'string',
  match_only_text: (value) => typeof value === 'string',
  text: (value) => typeof value === 'string',
  ip: (value) => typeof value === 'string' && isIP(value) !== 0,
  long: (value) => Number.isSafeInteger(value),
  // strict_date_optional_time of Elasticsearch.
  date: (value) => typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/.test(value),
};

/** What is wrong with a document by the schema; what is under `portzero` is ours. */
function faultsOf(document: Document, prefix = ''): string[] {
  return Object.entries(document).flatMap(([name, value]) => {
    const path = prefix + name;
    if (path === 'portzero') return [];
    const field = SCHEMA[path];
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return faultsOf(value, `${path}.`);
    if (field === undefined) return [`ECS has no field ${path}`];
    const isList = field.normalize.includes('array');
    if (isList !== Array.isArray(value)) return [`${path}: ${isList ? 'a list' : 'one value'} is wanted`];
    const allowed = field.allowed_values?.map(({ name }) => name);
    return [value].flat().flatMap((one) => {
      if (!IS_OF_TYPE[field.type]!(one as Json)) return [`${path}: ${JSON.stringify(one)} is no ${field.type}`];
      if (allowed !== undefined && !allowed.includes(one as string)) return [`${path}: ${one} is not allowed`];
      if (String(one).length > (field.ignore_above ?? Number.POSITIVE_INFINITY))
        return [`${path}: too long to be found`];
      return [];
    });
  });
}

/** Event types that go with one of the categories at least. */
function isTypedByCategory({ event }: Document): boolean {
  const { category, type } = event as { category: string[]; type: string[] };
  const expected = SCHEMA['event.category']!.allowed_values!.filter(({ name }) => category.includes(name)).flatMap(
    ({ expected_event_types }) => expected_event_types ?? [],
  );
  return type.every((one) => expected.includes(one));
}

const origin = { country: 'AU', asn: 64_500, organization: 'Example', name: 'host.example' };

describe('streamEcs, by the schema that Elastic publishes', () => {
  const fields = [
    [
      'every field',
      makeExchangeReport({ client: { address: '192.0.2.1', port: 1, origin }, scope: 'vlan 5 > vlan 7' }),
    ],
    ['IPv6', makeExchangeReport({ client: { address: '2001:db8::1', port: 1 }, answeredBy: '2001:db8::7' })],
    ['no time', makeExchangeReport({ started: null, answered: null, latencyMs: null, communityId: null })],
    ...VERDICTS.map((verdict) => [verdict, makeExchangeReport({ verdict })] as const),
  ] as const;
  const runs: (readonly [string, () => RunResult])[] = [
    ...SAMPLE_RUNS,
    ...fields.map(([name, exchange]) => [name, () => makeRun([exchange], [makeFindingReport()])] as const),
  ];

  it.each(runs)('has the right names, types and values: %s', (_, makeSample) => {
    const run = makeSample();
    const text = streamRun(streamEcs, run);
    expect(harmfulIn(text.replaceAll('\n', ''))).toEqual([]);
    const documents = documentsOf(text);
    expect(documents).toHaveLength(run.report.exchanges.length + run.report.findings.length + 1);
    for (const document of documents) {
      expect(faultsOf(document)).toEqual([]);
      expect(isTypedByCategory(document)).toBe(true);
      expect(document).toMatchObject({ '@timestamp': expect.any(String), ecs: { version: EcsVersion } });
    }
  });

  it('is of captures too', async () => {
    for (const name of ['accepted/redirect-ipv4.pcap', 'udp/to-zero-ipv6.pcap']) {
      const documents = read(await analyzeCapture(fixture(name)).result());
      expect(documents.length).toBeGreaterThan(1);
      for (const document of documents) expect(faultsOf(document)).toEqual([]);
    }
  });

  // The test itself must be able to fail.
  it('finds faults', () => {
    expect(
      faultsOf({ source: { port: '0', ip: 'x', host: 1 }, event: { kind: 'finding', category: 'network' } }),
    ).toHaveLength(5);
  });
});

describe('streamEcs', () => {
  it('tells an exchange as an event and a finding as an alert, both of one flow', () => {
    const documents = read(oneFindingRun());
    const [alert, event] = documents;
    const flow = {
      source: { address: '192.0.2.1', ip: '192.0.2.1', port: 59_804 },
      destination: { address: '198.51.100.7', ip: '198.51.100.7', port: 0 },
      network: { transport: 'tcp', iana_number: '6', type: 'ipv4', community_id: '1:LQU9qZlK+B5F3KDmev6m5PMibrg=' },
      related: { ip: ['192.0.2.1', '198.51.100.7'] },
      portzero: { capture: 'refused.pcap', verdict: 'refused', state: 'closed', reason: 'reset', latency_ms: 0.043 },
    };
    expect(event).toMatchObject({
      ...flow,
      event: { kind: 'event', outcome: 'failure', dataset: 'portzero.exchange' },
    });
    expect(alert).toMatchObject({
      ...flow,
      '@timestamp': '2026-11-21T05:55:10.123456Z',
      event: { kind: 'alert', severity: 2, dataset: 'portzero.finding' },
      rule: { id: 'syn-to-port-zero', ruleset: 'portzero' },
      log: { level: 'warning' },
    });
    expect(event!.portzero).not.toHaveProperty('known');
  });

  it('has the VLANs and where the ends are', () => {
    const exchange = makeExchangeReport({
      client: { address: '192.0.2.1', port: 1, origin },
      scope: 'vlan 5 > vlan 7',
    });
    expect(of(read(makeRun([exchange], [])), 'exchange')[0]).toMatchObject({
      source: {
        domain: 'host.example',
        geo: { country_iso_code: 'AU' },
        as: { number: 64_500, organization: { name: 'Example' } },
      },
      network: { vlan: { id: '5' }, inner: { vlan: { id: '7' } } },
    });
  });

  it('gives no two documents of a run one id, and the same ones in the next run', () => {
    const ids = () => read(manyFindingsRun(60)).flatMap(({ event }) => (event as Document).id ?? []);
    expect(new Set(ids()).size).toBe(ids().length);
    expect(ids()).toHaveLength(140);
    expect(ids()).toEqual(ids());
  });

  it('says at the end what was not looked into, and so when nothing was flagged', () => {
    const run = makeRun([], []);
    const [summary, ...rest] = read(run);
    expect(rest).toEqual([]);
    expect(summary).toMatchObject({
      event: { kind: 'metric', dataset: 'portzero.summary' },
      message: '0 exchanges with port 0 in 0 frames; all looked into',
      portzero: { summary: { not_looked_into: { frames: 0, reasons: [] } } },
    });
    const notLookedInto = { frames: 2, reasons: { 'link-type-user0': 2 } };
    const missed = { ...run.report.summary, frames: 4, notLookedInto };
    expect(read({ ...run, report: { ...run.report, summary: missed } })[0]).toMatchObject({
      message: expect.stringContaining('2 of 4 frames could not be looked into (link-type-user0 2)'),
      portzero: { summary: { not_looked_into: { frames: 2, reasons: [{ reason: 'link-type-user0', frames: 2 }] } } },
    });
  });

  it('tells known findings from new ones', () => {
    const known = makeFindingReport({ known: { since: '2026-11-20', why: '' } });
    const documents = read(makeRun([makeExchangeReport()], [known, makeFindingReport({ known: null })]));
    expect(documents.slice(0, 2).map(({ portzero }) => portzero)).toMatchObject([
      { known: true, known_since: '2026-11-20' },
      { known: false },
    ]);
  });

  describe('of a frame without time', () => {
    afterEach(() => void vi.useRealTimers());

    it('has the time at which it was read, as ECS wants, and says so', () => {
      vi.useFakeTimers({ now: Date.UTC(2026, 10, 26, 17) });
      const run = makeRun([makeExchangeReport({ started: null })], []);
      expect(of(read(run), 'exchange')[0]).toMatchObject({
        '@timestamp': '2026-11-26T17:00:00.000Z',
        portzero: { untimed: true },
      });
    });
  });

  it('tells the numbers of a live run as a metric', () => {
    let text = '';
    const stats: StatsReport = {
      time: '2026-11-21T05:55:10.123Z',
      ...{ uptimeSeconds: 8, capturing: true, frames: 10, bytes: 900, drops: 0, lagSeconds: 0 },
      exchanges: { open: 0, evicted: 0, all: null, portZero: null },
      findings: { 'syn-to-port-zero': 2 },
      ...{ evidence: null, outputs: [], memoryBytes: 1 },
    };
    streamEcs((part) => (text += part), { width: 80, color: false, inputName: () => null }).stats!(stats);
    const [document] = documentsOf(text);
    expect(faultsOf(document!)).toEqual([]);
    expect(document).toMatchObject({
      '@timestamp': stats.time,
      event: { kind: 'metric' },
      portzero: { stats: { frames: 10, findings: [{ rule: 'syn-to-port-zero', count: 2 }] } },
    });
  });
});
