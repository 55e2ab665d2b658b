import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, it } from 'vitest';
import { artifactUri, formatSarif } from '../../src/report/formats/sarif.ts';
import type { RunResult } from '../../src/report/model/types.ts';
import { rules } from '../../src/rules/index.ts';
import {
  harmfulIn,
  makeFindingReport,
  makeInputReport,
  makeRun,
  manyFindingsRun,
  oneFindingRun,
  SAMPLE_RUNS,
} from '../support/reports.ts';

/** The official schema, as the SDK's package for tests brings it. It is of draft 04: `id` is the only word that differs. */
const schemaPath = createRequire(import.meta.url).resolve('@microsoft/jest-sarif/lib/schemas/sarif-2.1.0-rtm.5.json');
const { $schema: _draft, id: _id, ...schema } = JSON.parse(readFileSync(schemaPath, 'utf8'));
// One of its patterns is no Unicode regular expression.
const ajv = new Ajv({ strict: false, allErrors: true, unicodeRegExp: false });
addFormats.default(ajv);
const validate = ajv.compile(schema);

function sarifOf(run: RunResult) {
  const text = [...formatSarif(run, { width: 80, color: false })].join('');
  expect(harmfulIn(text.replaceAll('\n', ''))).toEqual([]);
  const log = JSON.parse(text);
  validate(log);
  expect(validate.errors).toBeNull();
  return log.runs[0];
}

describe('formatSarif', () => {
  it.each(SAMPLE_RUNS)('is valid by the official schema: %s', (_, makeSample) => {
    const run = makeSample();
    const { results, artifacts } = sarifOf(run);
    expect(results).toHaveLength(run.report.findings.length);
    expect(artifacts).toHaveLength(run.report.inputs.length);
  });

  it('explains every rule, and each result points at its rule', () => {
    const { tool, results } = sarifOf(manyFindingsRun(30));
    for (const { meta } of rules) {
      const rule = tool.driver.rules.find((each: { id: string }) => each.id === meta.id);
      expect(rule.help.text).toContain(meta.action);
      expect(rule.help.markdown).toContain(meta.meaning);
      expect(rule.fullDescription.text).toBe(meta.meaning);
    }
    for (const result of results) expect(tool.driver.rules[result.ruleIndex].id).toBe(result.ruleId);
  });

  it('locates a result in the capture, with the frames in message and properties', () => {
    const { results } = sarifOf(oneFindingRun());
    expect(results[0].level).toBe('warning');
    expect(results[0].message.text).toMatch(/\(frames 1, 2\)$/);
    expect(results[0].properties).toMatchObject({ frames: [1, 2], displayFilter: 'frame.number in {1, 2}' });
    expect(results[0].locations[0].physicalLocation.artifactLocation).toEqual({ uri: 'refused.pcap', index: 0 });
  });

  it('tells trouble with an input as notifications', () => {
    const problem = { code: 'truncated-record', offset: 9, frame: 3, message: 'bad.pcap: cut' } as const;
    const run = makeRun([], [], {
      inputs: [makeInputReport({ name: 'bad.pcap', complete: false, problems: [problem] })],
    });
    const [invocation] = sarifOf(run).invocations;
    expect(invocation.executionSuccessful).toBe(false);
    expect(invocation.toolExecutionNotifications).toMatchObject([
      { level: 'error', descriptor: { id: 'truncated-record' }, message: { text: 'bad.pcap: cut' } },
    ]);
    expect(sarifOf(oneFindingRun()).invocations[0].executionSuccessful).toBe(true);
  });

  it('has fingerprints that are unique in a run and the same in the next, whatever the times and frames', () => {
    const of = (run: RunResult): string[] =>
      sarifOf(run).results.map(
        (result: { partialFingerprints: object }) => Object.values(result.partialFingerprints)[0],
      );
    const first = manyFindingsRun(30);
    const ids = of(first);
    expect(new Set(ids).size).toBe(ids.length);
    const later = structuredClone(first) as unknown as { report: { findings: { time: string; frames: number[] }[] } };
    for (const finding of later.report.findings) {
      finding.time = '2027-01-01T00:00:00Z';
      finding.frames = finding.frames.map((frame) => frame + 100);
    }
    expect(of(later as unknown as RunResult)).toEqual(ids);
  });

  it('stays below what code scanning takes, the worst first, and says so', () => {
    // Shorter than any of ours: those meet the other bound before.
    const short = { exchange: null, ruleId: 'm', message: 'm', frames: [], time: null, input: -1 };
    const findings = Array.from({ length: 25_001 }, () => makeFindingReport(short));
    findings.push(makeFindingReport({ ...short, severity: 'error', ruleId: 'port-zero-flood' }));
    const { results, invocations } = sarifOf(makeRun([], findings));
    expect(results).toHaveLength(24_999);
    expect(results[0].ruleId).toBe('port-zero-flood');
    expect(invocations[0].toolExecutionNotifications[0].message.text).toBe(
      '3 more findings are counted but not listed.',
    );
  });

  it('stays below 10 MiB, whatever is long: findings, names of captures, problems with them', () => {
    const problem = { code: 'bad-block', offset: 9, frame: 3, message: `bad: ${'ü'.repeat(300)}` } as const;
    const inputs = Array.from({ length: 6000 }, (_, i) =>
      makeInputReport({ name: `${'é'.repeat(100)}/${i}.pcap`, complete: false, problems: [problem] }),
    );
    const findings = Array.from({ length: 20_000 }, (_, i) =>
      makeFindingReport({ exchange: null, input: i % inputs.length, message: 'ö'.repeat(600) }),
    );
    findings.push(makeFindingReport({ exchange: null, severity: 'error', ruleId: 'port-zero-flood' }));
    const run = makeRun([], findings, { inputs });
    const text = [...formatSarif(run, { width: 80, color: false })].join('');
    expect(Buffer.byteLength(text)).toBeLessThan(10 * 1024 * 1024);
    const { results, invocations, artifacts } = JSON.parse(text).runs[0];
    expect(results[0].ruleId).toBe('port-zero-flood');
    const notifications: { message: { text: string } }[] = invocations[0].toolExecutionNotifications;
    const said = notifications.map(({ message }) => message.text).filter((it) => it.endsWith('not listed.'));
    const left = (20_001 - results.length).toLocaleString('en');
    const unlisted = (6000 - (notifications.length - said.length)).toLocaleString('en');
    expect(said).toEqual([
      `${left} more findings are counted but not listed.`,
      `${unlisted} more problems of captures are counted but not listed.`,
    ]);
    for (const { locations } of results) {
      const { uri, index } = locations[0].physicalLocation.artifactLocation;
      if (index !== undefined) expect(artifacts[index].location.uri).toBe(uri);
    }
  });

  it('locates a broken expectation where it is written', () => {
    const place = { file: 'ci/portzero.config.yaml', line: 12 };
    const broken = makeFindingReport({ ruleId: 'expectation', exchange: null, data: { name: 'edge' }, place });
    const [result] = sarifOf(makeRun([], [broken])).results;
    expect(result.locations).toEqual([
      { physicalLocation: { artifactLocation: { uri: 'ci/portzero.config.yaml' }, region: { startLine: 12 } } },
    ]);
  });
});

describe('artifactUri', () => {
  it('percent-encodes what has a meaning in a URI', () => {
    expect(artifactUri('captures/a b#1?.pcap')).toBe('captures/a%20b%231%3F.pcap');
    expect(artifactUri('100%.pcap')).toBe('100%25.pcap');
    expect(artifactUri('../x:y.pcap')).toBe('../x%3Ay.pcap');
    expect(artifactUri('ü.pcap')).toBe('%C3%BC.pcap');
    expect(artifactUri('\ud800')).toBe('%EF%BF%BD');
  });

  it('makes absolute paths file URLs that lead back to them', () => {
    expect(fileURLToPath(artifactUri('/tmp/a b#1?.pcap'), { windows: false } as never)).toBe('/tmp/a b#1?.pcap');
    expect(artifactUri('C:\\caps\\a b.pcap')).toBe('file:///C:/caps/a%20b.pcap');
  });
});
