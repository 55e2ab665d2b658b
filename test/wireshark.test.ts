import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AnalysisReport } from '../src/report/model/types.ts';
import { describeWith } from './support/tools.ts';

const root = join(import.meta.dirname, '..');
const SCRIPT = join(root, 'examples/portzero.lua');
const scratch = mkdtempSync(join(tmpdir(), 'portzero-wireshark-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** What the script makes of a file, a list of values a field; a packet that it says nothing of has empty ones. */
function readFields(path: string, names: readonly string[], filter = ''): string[][][] {
  const args = ['-X', `lua_script:${SCRIPT}`, '-r', path, '-Y', filter, '-T', 'fields', '-E', 'aggregator=;'];
  const { status, stdout, stderr } = spawnSync('tshark', [...args, ...names.flatMap((name) => ['-e', name])], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  expect([status, stderr.replace(/^Running as user.*\n/, '')]).toEqual([0, '']);
  return stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t').map((value) => (value === '' ? [] : value.split(';'))));
}

describeWith(['tshark', 'editcap'], 'the fields that examples/portzero.lua adds to evidence', () => {
  const evidence = join(scratch, 'evidence.pcapng');
  let report: AnalysisReport;
  beforeAll(() => {
    const json = join(scratch, 'report.json');
    const args = [join(root, 'fixtures'), '-q', '--fail-on', 'never', '-r', json, '-r', evidence];
    spawnSync(process.execPath, [join(root, 'bin/portzero.js'), ...args], { stdio: 'ignore' });
    report = JSON.parse(readFileSync(json, 'utf8'));
  });

  it('say of every packet what the report says, for all fixtures', () => {
    const names = ['verdict', 'state', 'reason', 'answered_by', 'role', 'open', 'rule', 'severity'];
    const written = readFields(evidence, ['portzero.frame', ...names.map((name) => `portzero.${name}`)]);
    const seen = new Map<string, number>();
    const count = (counts: Map<string, number>, parts: unknown[]) => {
      const key = JSON.stringify(parts);
      counts.set(key, (counts.get(key) ?? 0) + 1);
    };
    // Packets of which nothing else is said than what one exchange, or one finding, says.
    for (const [frames, ...values] of written) if (frames!.length === 1) count(seen, [Number(frames![0]), ...values]);
    expect(written.every(([frames]) => frames!.length > 0)).toBe(true);

    const said = new Map<string, unknown[][]>();
    const say = (input: number, frame: number, values: unknown[]) => {
      const key = `${input} ${frame}`;
      said.set(key, [...(said.get(key) ?? []), [frame, ...values]]);
    };
    const list = (value: string | null) => (value === null ? [] : [value]);
    for (const finding of report.findings) {
      if (finding.exchange !== null) continue;
      for (const frame of finding.frames)
        say(finding.input, frame, [[], [], [], [], [], [], [finding.ruleId], [finding.severity]]);
    }
    for (const exchange of report.exchanges) {
      const rules = report.findings.filter((finding) => finding.exchange === exchange.id).map(({ ruleId }) => ruleId);
      if (rules.length === 0) continue;
      const { verdict, state, reason, answeredBy, frames } = exchange;
      for (const frame of frames.all) {
        const role = frame === frames.probe ? ['probe'] : frame === frames.answer ? ['answer'] : [];
        say(exchange.input, frame, [[verdict], [state], list(reason), list(answeredBy), role, [], rules, []]);
      }
    }
    const expected = new Map<string, number>();
    for (const entries of said.values()) if (entries.length === 1) count(expected, entries[0]!);
    expect(seen).toEqual(expected);
    expect(written).toHaveLength(said.size);
    // All kinds of words were there.
    const verdicts = new Set(written.flatMap(([, verdict]) => verdict!));
    expect([...verdicts].sort()).toEqual(
      Object.entries(report.summary.portZero)
        .filter(([verdict, number]) => verdict !== 'total' && number > 0)
        .map(([verdict]) => verdict)
        .sort(),
    );
  });

  it('can be filtered on', () => {
    const accepted = report.exchanges.filter(({ verdict }) => verdict === 'accepted');
    expect(
      readFields(evidence, ['frame.number'], 'portzero.verdict == "accepted" && portzero.role == "probe"'),
    ).toHaveLength(
      accepted.filter(
        ({ id, frames }) => frames.probe !== null && report.findings.some(({ exchange }) => exchange === id),
      ).length,
    );
    const rows = readFields(evidence, ['portzero.rule'], 'portzero.rule == "port-zero-data"');
    expect(rows.length).toBeGreaterThan(0);
    for (const [rules] of rows) expect(rules).toContain('port-zero-data');
  });

  it.each([
    [
      'portzero: frame 14, the opening segment: undecided so far (unknown); syn-to-port-zero',
      {
        verdict: ['undecided'],
        state: ['unknown'],
        reason: [],
        open: ['1'],
        rule: ['syn-to-port-zero'],
        role: ['probe'],
      },
    ],
    [
      'portzero: frame 3: silent (open|filtered, no-response); stealth-probe-to-port-zero, my_own.rule',
      {
        verdict: ['silent'],
        state: ['open|filtered'],
        reason: ['no-response'],
        rule: ['stealth-probe-to-port-zero', 'my_own.rule'],
      },
    ],
    [
      'portzero: frame 5, the answer: refused by 2001:db8::1 (closed, reset); syn-to-port-zero\nportzero: frame 5: error port-zero-flood: 200 SYNs (many): a flood',
      {
        verdict: ['refused'],
        answered_by: ['2001:db8::1'],
        severity: ['error'],
        frame: ['5', '5'],
        message: ['200 SYNs (many): a flood'],
      },
    ],
    ['somebody wrote: portzero: frame 1: accepted (open); x', { verdict: [], frame: [] }],
    ['portzero: frame x', { verdict: [], frame: [] }],
  ])('read %j', (comment, expected) => {
    const path = join(scratch, 'one.pcapng');
    const plain = join(scratch, 'one.pcap');
    execFileSync('editcap', ['-r', '-F', 'pcap', join(root, 'examples/port-zero.pcap'), plain, '1'], {
      stdio: 'ignore',
    });
    execFileSync('editcap', ['-F', 'pcapng', '-a', `1:${comment}`, plain, path], { stdio: 'ignore' });
    const names = Object.keys(expected);
    const [row] = readFields(
      path,
      names.map((name) => `portzero.${name}`),
    );
    expect(Object.fromEntries(names.map((name, index) => [name, row![index]]))).toEqual(expected);
  });

  it('are not there without evidence', () => {
    const path = join(scratch, 'plain.pcap');
    writeFileSync(path, readFileSync(join(root, 'examples/port-zero.pcap')));
    expect(readFields(path, ['portzero.verdict'], 'portzero')).toEqual([]);
  });
});
