import { describe, expect, it } from 'vitest';
import { FORMATS, loadReporter } from '../../src/report/formats/index.ts';
import type { RunResult } from '../../src/report/model/types.ts';
import { hostileRun, streamRun } from '../support/reports.ts';

const COMMANDS = '::error::forged ::stop-commands::x ##[error]forged ##vso[task.complete] ##teamcity[x]';

/** Every text of it that comes from packets, names or configurations is a command to some CI server. */
function forgedRun(): RunResult {
  const run = hostileRun();
  const { report } = run;
  return {
    ...run,
    report: {
      ...report,
      inputs: report.inputs.map((input) => ({
        ...input,
        name: COMMANDS,
        problems: input.problems.map((problem) => ({ ...problem, message: COMMANDS })),
      })),
      exchanges: report.exchanges.map((exchange) => {
        const answer = exchange.evidence.answer && { ...exchange.evidence.answer, payloadText: COMMANDS };
        return { ...exchange, evidence: { ...exchange.evidence, answer, notes: [COMMANDS] } };
      }),
      findings: report.findings.map((finding) => ({ ...finding, message: COMMANDS })),
    },
    expectations: [{ name: COMMANDS, held: true }],
  } as RunResult;
}

describe('what is shown in a log holds no commands but our own', () => {
  // A page is not shown line by line, and is written to a file.
  it.each(FORMATS.filter((format) => format !== 'html'))('%s', async (format) => {
    const run = forgedRun();
    const reporter = await loadReporter(format);
    const context = { width: 60, color: false, inputName: (input: number) => run.report.inputs[input]?.name ?? null };
    const text =
      reporter.kind === 'document' ? [...reporter.format(run, context)].join('') : streamRun(reporter.create, run);
    expect(text).toContain('forged');
    const lines = text.split('\n');
    // The runner trims a line before it looks (actions/runner, ActionCommand.TryParseV2).
    const told = lines.filter((line) => line.trim().startsWith('::'));
    if (format !== 'github') expect(told).toEqual([]);
    else for (const line of told) expect(line).toMatch(/^::(error|warning|notice) (file=[^:]*,)?title=portzero/);
    expect(lines.filter((line) => /##\w*\[/.test(line))).toEqual([]);
  });
});
