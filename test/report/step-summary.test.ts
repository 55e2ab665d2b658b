import { describe, expect, it } from 'vitest';
import { formatStepSummary } from '../../src/report/formats/step-summary.ts';
import type { RunResult } from '../../src/report/model/types.ts';
import {
  emptyRun,
  HOSTILE,
  harmfulIn,
  hostileRun,
  makeExchangeReport,
  makeFindingReport,
  makeInputReport,
  makeRun,
  oneFindingRun,
  SAMPLE_RUNS,
} from '../support/reports.ts';

/** "$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k", says the runner, and shows nothing of it. */
const LIMIT = 1_048_576;

/** Rows of each table as lists of cells, the header first. */
function tablesOf(text: string): string[][][] {
  return text
    .split('\n\n')
    .map((part) => part.trim())
    .filter((part) => part.startsWith('|'))
    .map((table) =>
      table
        .split('\n')
        .filter((_, i) => i !== 1)
        .map((line) =>
          line
            .split(/(?<!\\)\|/)
            .slice(1, -1)
            .map((cell) => cell.trim()),
        ),
    );
}

/** One flagged exchange in each of so many captures, in two of which something is wrong. */
function manyCapturesRun(count: number, nameOf = (i: number) => `captures/${i}.pcap`): RunResult {
  const numbers = Array.from({ length: count }, (_, i) => i);
  const problem = { code: 'truncated-record', offset: 9, frame: 3, message: 'it is cut' } as const;
  return makeRun(
    numbers.map((i) => makeExchangeReport({ id: i + 1, input: i })),
    numbers.flatMap((i) => [
      makeFindingReport({ exchange: i + 1, input: i, severity: i === count - 1 ? 'error' : 'warning' }),
      makeFindingReport({ exchange: null, input: i, ruleId: 'port-zero-scan', message: nameOf(i) }),
    ]),
    {
      inputs: numbers.map((i) =>
        makeInputReport({ name: nameOf(i), ...(i >= count - 2 ? { complete: false, problems: [problem] } : {}) }),
      ),
    },
  );
}

describe('formatStepSummary', () => {
  it.each(SAMPLE_RUNS)('is Markdown with tables of equal cells: %s', (_, makeSample) => {
    const text = formatStepSummary(makeSample());
    expect(harmfulIn(text.replaceAll('\n', ''))).toEqual([]);
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(LIMIT);
    const tables = tablesOf(text);
    expect(tables.length).toBeGreaterThanOrEqual(2);
    for (const table of tables) expect(new Set(table.map((cells) => cells.length)).size).toBe(1);
  });

  it('says the answer in plain words', () => {
    expect(formatStepSummary(emptyRun())).toMatch(/Nobody used TCP port 0\./);
    expect(formatStepSummary(oneFindingRun())).toMatch(/192\.0\.2\.1 put port 0 on the wire once/);
  });

  it('has no markup that a name brought along', () => {
    const text = formatStepSummary(hostileRun());
    expect(text).not.toContain('<script>');
    expect(text).not.toContain('[l](u)');
    expect(text).not.toContain(HOSTILE);
  });

  it('names the capture of what was flagged, where there are several', () => {
    const several = formatStepSummary(manyCapturesRun(3, (i) => `${'abc'[i]}|.pcap`));
    const flagged = tablesOf(several).at(-1)!;
    expect(flagged[0]).toContain('Capture');
    const at = flagged[0]!.indexOf('Capture');
    // The gravest first; a pipe in a name is no end of a cell.
    expect(flagged.slice(1).map((cells) => cells[at])).toEqual(['c&#124;.pcap', 'a&#124;.pcap', 'b&#124;.pcap']);
    expect(several).toMatch(/^- \*\*warning\*\* `port-zero-scan` .* \(in b&#124;\.pcap\)$/m);
    // With one the first table has named it.
    const [captures, , only] = tablesOf(formatStepSummary(oneFindingRun()));
    expect(captures![0]![0]).toBe('Capture');
    expect(only![0]).not.toContain('Capture');
  });

  it('lists so much as a person reads, the gravest and the damaged first, and says what is left out', () => {
    const text = formatStepSummary(manyCapturesRun(1000));
    const [captures, , flagged] = tablesOf(text);
    expect(captures).toHaveLength(201);
    expect(captures!.slice(1, 4).map(([name]) => name)).toEqual([
      'captures/998.pcap',
      'captures/999.pcap',
      'captures/0.pcap',
    ]);
    expect(text).toMatch(/\n\nand 800 more captures, read whole\n/);
    expect(flagged).toHaveLength(201);
    expect(flagged![1]![0]).toBe('error');
    expect(text).toMatch(/\n\nand 800 more exchanges of 800 other kinds\n/);
    expect(text).toMatch(/\n\nand 950 more findings\n$/);
  });

  it.each([LIMIT, 500_000, 20_000, 5000, 1500, 900])('is never larger than %i bytes, whatever the names', (room) => {
    // As long as a path can be, and each character six bytes long in Markdown.
    const names = [(i: number) => `${'|'.repeat(4000)}${i}`, (i: number) => `${'€'.repeat(i % 90)}/${i}.pcap`];
    for (const nameOf of names) {
      const text = formatStepSummary(manyCapturesRun(600, nameOf), room);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(room);
      expect(text).toContain('put port 0 on the wire in 600 exchanges');
      // What is there is whole.
      for (const table of tablesOf(text)) expect(new Set(table.map((cells) => cells.length)).size).toBe(1);
      expect(text).toMatch(/more exchanges of \d+ other kinds/);
    }
  });

  it('is empty where there is no room for the answer', () => {
    expect(formatStepSummary(oneFindingRun(), 100)).toBe('');
    expect(formatStepSummary(oneFindingRun(), -1)).toBe('');
  });
});
