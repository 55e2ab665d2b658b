import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  FORMATS,
  formatOfPath,
  loadLiveReporter,
  loadReporter,
  REPORT_ENDINGS,
} from '../../src/report/formats/index.ts';
import { oneFindingRun, streamRun } from '../support/reports.ts';

describe('loadReporter', () => {
  it.each(FORMATS)('loads %s, and it writes', async (format) => {
    const reporter = await loadReporter(format);
    const run = oneFindingRun();
    const text =
      reporter.kind === 'document'
        ? [...reporter.format(run, { width: 80, color: false })].join('')
        : streamRun(reporter.create, run);
    expect(text).toContain('192.0.2.1');
  });

  it('streams text where it is live, and nothing else differs', async () => {
    expect((await loadLiveReporter('text')).kind).toBe('stream');
    expect((await loadReporter('text')).kind).toBe('document');
    expect(await loadLiveReporter('eve')).toEqual(await loadReporter('eve'));
  });
});

describe('formatOfPath', () => {
  it.each([
    ['out/x.json', 'json'],
    ['x.ndjson', 'ndjson'],
    ['x.SARIF', 'sarif'],
    ['x.sarif.json', 'sarif'],
    ['junit.xml', 'junit'],
    ['x.html', 'html'],
    ['x.csv', 'csv'],
    ['portzero.log', 'zeek'],
    ['x.ecs.json', 'ecs'],
    ['x.ECS.ndjson', 'ecs'],
    ['evidence.pcapng', 'pcapng'],
    ['x.pcap', null],
    ['json', null],
    ['.json', null],
  ])('%s: %s', (path, format) => {
    expect(formatOfPath(path)).toBe(format);
  });
});

describe('the words about formats', () => {
  const page = readFileSync(join(import.meta.dirname, '../../docs/options.md'), 'utf8');
  const rowOf = (option: string) => page.split('\n').find((line) => line.startsWith(`| \`${option}`)) ?? '';

  it.each(FORMATS)('name %s in docs/options.md', (format) => {
    expect(rowOf('-f, --format')).toContain(`\`${format}\``);
  });

  // The double ending goes without saying.
  it.each(REPORT_ENDINGS.filter((ending) => ending.lastIndexOf('.') === 0))('name %s in docs/options.md', (ending) => {
    expect(rowOf('-r, --report')).toContain(`\`${ending}\``);
  });
});
