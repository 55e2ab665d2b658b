import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonForScript } from '../../src/report/html/escape.ts';
import { formatHtml } from '../../src/report/html/html.ts';
import { commonFolder, pathMarkup, shortNames } from '../../src/report/html/paths.ts';
import { frameRanges, type PagePayload } from '../../src/report/html/payload.ts';
import { displayFilter, formatDuration, formatTime, secondsBetween } from '../../src/report/html/words.ts';
import type { RunResult } from '../../src/report/model/types.ts';
import { VERDICTS } from '../../src/track/exchange.ts';
import { HOSTILE, sampleResult } from '../support/html-sample.ts';
import { makeExchangeReport, makeFindingReport, makeRun } from '../support/reports.ts';
import { describeWith } from '../support/tools.ts';

const pageOf = (result: RunResult) => [...formatHtml(result, { width: 80, color: false })].join('');

function payloadOf(page: string): PagePayload {
  const [, type, body] = /<script type="application\/(json|gzip)" id="payload">([^<]*)<\/script>/.exec(page)!;
  return JSON.parse(type === 'json' ? body! : gunzipSync(Buffer.from(body!, 'base64')).toString());
}

/** The page as a browser's tokenizer sees its elements: names of tags and attributes, in order, without any text. */
function skeletonOf(page: string): string[] {
  const withoutData = page.replace(/<(script|style)[^>]*>[\s\S]*?<\/\1>/g, '<$1>');
  const elements = [...withoutData.matchAll(/<\/?([a-zA-Z!][^\s>]*)((?:"[^"]*"|'[^']*'|[^>"'])*)>/g)].map(
    ([, name, attributes]) => `${name} ${attributes!.replace(/"[^"]*"|'[^']*'/g, '""')}`,
  );
  // Where a path may break, one for each of its slashes: it has no attribute and no content.
  return elements.filter((element) => element !== 'wbr ');
}

describe('formatHtml', () => {
  it('forbids everything but its own style and script, by hash', () => {
    const page = pageOf(sampleResult({ exchanges: 12 }));
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!.replaceAll('&apos;', "'");
    const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)![1]!;
    const script = /<script>([\s\S]*?)<\/script>/.exec(page)![1]!;
    expect(policy.split('; ')).toEqual(
      expect.arrayContaining(["default-src 'none'", `script-src ${hash(script)}`, `style-src ${hash(style)}`]),
    );
    expect(policy).not.toMatch(/unsafe|https?:|\*/);
    expect(page.match(/<script/g)).toHaveLength(2);
    expect(skeletonOf(page).join()).not.toMatch(/ on[a-z]+=| style=/);
  });

  it('refers to nothing outside itself', () => {
    const page = pageOf(sampleResult({ exchanges: 12 }));
    const markup = page.replace(/<script[\s\S]*?<\/script>/g, '');
    const references = [...markup.matchAll(/\s(?:href|src|srcset|action|data|poster)="([^"]*)"/g)].map(([, to]) => to!);
    expect(references.length).toBeGreaterThan(5);
    for (const to of references) expect(to).toMatch(/^(#|data:image\/svg\+xml,)/);
    expect(/<style>([\s\S]*?)<\/style>/.exec(page)![1]).not.toMatch(/@import|url\(/);
  });

  it('carries what it lists, as JSON or, where that is large, compressed', () => {
    for (const [exchanges, type] of [
      [3, 'json'],
      [1000, 'gzip'],
    ] as const) {
      const result = sampleResult({ exchanges });
      const page = pageOf(result);
      expect(page).toContain(`<script type="application/${type}" id="payload">`);
      const payload = payloadOf(page);
      expect(payload.exchanges.map(({ id, verdict }) => [id, verdict])).toEqual(
        result.report.exchanges.map(({ id, verdict }) => [id, verdict]),
      );
      expect(payload.findings).toHaveLength(result.report.findings.filter(({ exchange }) => exchange !== null).length);
    }
  });

  it('lists the gravest exchanges where there are more than it lists', () => {
    const result = sampleResult({ exchanges: 10_500 });
    const payload = payloadOf(pageOf(result));
    expect(payload.exchanges).toHaveLength(10_000);
    const listed = new Set(payload.exchanges.map(({ id }) => id));
    for (const { exchange, severity } of result.report.findings) {
      if (exchange !== null && severity === 'error') expect(listed).toContain(exchange);
    }
    expect(pageOf(result)).toContain('10,000 of 10,500 flagged exchanges are listed above; 500 are only counted here.');
  });

  it('goes from what matters most to what was read', () => {
    const page = pageOf(sampleResult({ exchanges: 60, inputs: 2 }));
    const places = [
      'h-verdicts',
      'h-findings',
      'filters',
      'h-exchanges',
      'h-groups',
      'h-timeline',
      'h-ends',
      'h-inputs',
    ];
    const found = places.map((id) => page.indexOf(` id="${id}"`));
    expect(found).not.toContain(-1);
    expect(found).toEqual([...found].sort((a, b) => a - b));
  });

  it('opens the inputs only where one of them is damaged, that one first', () => {
    const inputsOf = (page: string) => page.slice(page.indexOf('id="inputs"'));
    expect(inputsOf(pageOf(sampleResult({ exchanges: 4, inputs: 2 })))).toMatch(/<details>.*2 inputs, all read whole/s);
    const damaged = inputsOf(pageOf(sampleResult({ exchanges: 4, inputs: 4 })));
    expect(damaged).toMatch(/<details open>.*4 inputs, 1 not read whole/s);
    expect(/<th scope="row" class="name">(.*?)<\/th>/.exec(damaged)![1]).toBe('edge-3.pcapng');
  });

  it('draws a bar whose parts are as wide as their counts, and names those that are none in one line', () => {
    const result = sampleResult({ exchanges: 120 });
    const { portZero, exchanges } = result.report.summary;
    const page = pageOf(result);
    const style = /<style>([\s\S]*?)<\/style>/.exec(page)![1]!;
    for (const verdict of VERDICTS) {
      const count = portZero[verdict];
      expect(style.includes(`.stack .v-${verdict}{flex-grow:${count}}`)).toBe(count > 0);
    }
    expect(page).toContain(`120 exchanges with port 0 at either end, of ${exchanges.total} on all ports`);
    const few = pageOf(sampleResult({ exchanges: 3, verdict: 'silent' }));
    expect(few.match(/class="share"/g)).toHaveLength(1);
    expect(few).toContain(
      'None accepted, refused, unreachable, undecided, simultaneous, challenged, invalid reset or unsolicited.',
    );
  });

  it('says in one sentence what was looked at where nothing was flagged', () => {
    const empty = sampleResult({ exchanges: 0 });
    const sentence = (result: RunResult) => /<p class="nothing">(.*?)<\/p>/.exec(pageOf(result))?.[1];
    const withSummary = (summary: Partial<RunResult['report']['summary']>): RunResult => ({
      ...empty,
      report: { ...empty.report, summary: { ...empty.report.summary, ...summary } },
    });
    const none = empty.report.summary.portZero;
    const seen = withSummary({ frames: 1200, exchanges: { ...none, total: 7, refused: 7 } });
    expect(sentence(seen)).toBe(
      'Nothing was flagged in 1,200 frames of 1 capture (from 2026-11-21 05:55:10.000000 UTC on, for 4 min): 7 TCP exchanges, none of them with port 0.',
    );
    const blind = withSummary({ frames: 1200, notLookedInto: { frames: 200, reasons: { 'ethertype-0xa001': 200 } } });
    expect(sentence(blind)).toContain('in 1,000 of 1,200 frames of');
    expect(sentence(sampleResult({ exchanges: 5 }))).toBeUndefined();
    const [input] = empty.report.inputs;
    const problem = { code: 'unknown-format' as const, offset: 0, frame: null, message: 'x.pcap: not a capture' };
    const unread = { ...input!, frames: 0, complete: false, firstTime: null, lastTime: null, problems: [problem] };
    const page = pageOf({ ...empty, report: { ...withSummary({ frames: 0 }).report, inputs: [unread] } });
    expect(page).toContain('<h1>Nothing could be read</h1>');
    expect(page).toContain('No frame of 1 capture could be looked at; why is below.');
    expect(page).not.toContain('Nobody used');
  });

  it('leaves out the folder that all inputs are in, and lets a path break at its slashes', () => {
    expect(commonFolder(['a/b/c.pcap', 'a/b/d/e.pcap', 'a/bc/f.pcap'])).toBe('a/');
    expect(commonFolder(['a/b/c.pcap', 'a/b/cd.pcap'])).toBe('a/b/');
    expect(commonFolder(['/x.pcap', '/y.pcap'])).toBe('');
    expect(commonFolder(['a/x.pcap'])).toBe('');
    expect(commonFolder(['x.pcap', 'a/x.pcap'])).toBe('');
    expect(commonFolder([])).toBe('');
    expect(shortNames([{ name: '/data/a/x.pcap' }, { name: '/data/b.pcap' }])).toEqual(['a/x.pcap', 'b.pcap']);
    expect(shortNames([{ name: '/data/a/x.pcap' }])).toEqual(['/data/a/x.pcap']);
    expect(pathMarkup('a/b/<c>').source).toBe('a/<wbr>b/<wbr>&lt;c&gt;');
  });

  it('says in a few words what matters most', () => {
    const heading = (...args: Parameters<typeof sampleResult>) =>
      /<h1>(.*?)<\/h1>/.exec(pageOf(sampleResult(...args)))![1];
    expect(heading({ exchanges: 0 })).toBe('Nobody used TCP port 0');
    expect(heading({ exchanges: 1, verdict: 'refused' })).toBe('1 exchange with port 0, refused');
    expect(heading({ exchanges: 7, verdict: 'silent' })).toBe('7 exchanges with port 0, all silent');
    expect(heading({ exchanges: 2, verdict: 'accepted' })).toBe('2 exchanges with port 0, all accepted');
    expect(heading({ exchanges: 9 })).toBe('1 of 9 exchanges with port 0 was accepted');
    expect(heading({ exchanges: 5, verdict: 'silent', omitted: 3 })).toBe('8 exchanges with port 0, none accepted');
  });

  it('calls a conversation whose start the capture does not hold a late start', () => {
    const exchange = makeExchangeReport({ probe: null, verdict: 'unsolicited', lateStart: true });
    const finding = makeFindingReport({ ruleId: 'port-zero-backscatter', severity: 'info' });
    const markup = pageOf(makeRun([exchange], [finding])).replace(/<script[\s\S]*?<\/script>/g, '');
    // In the list of exchanges, and in the table of groups.
    expect(markup.match(/<td[^>]*>late start<\/td>/g)).toHaveLength(1);
    const both = pageOf(makeRun([exchange, { ...exchange, id: 2 }], [finding, { ...finding, exchange: 2 }]));
    expect(both).toMatch(/<span class="muted">late start · /);
    const answer = { ...exchange, lateStart: false };
    expect(pageOf(makeRun([answer], [finding])).replace(/<script[\s\S]*?<\/script>/g, '')).not.toContain('late start<');
  });

  it('names inputs, their problems and what was not decoded', () => {
    const page = pageOf(sampleResult({ exchanges: 30, inputs: 3 }));
    for (const text of [
      'in <code>captures/</code>',
      'edge-2.pcapng',
      'the record is cut after 40 of 74 bytes',
      'incomplete',
      'not known',
    ]) {
      expect(page).toContain(text);
    }
    expect(page).toContain('<b>16</b> not decoded');
  });

  it('keeps its elements whatever names and messages say', () => {
    const base = sampleResult({ exchanges: 4, inputs: 1 });
    const named = (text: string): RunResult => ({
      ...base,
      report: {
        ...base.report,
        inputs: base.report.inputs.map((input) => ({
          ...input,
          name: text,
          problems: [{ code: 'bad-block', offset: 1, frame: null, message: text }],
        })),
        findings: base.report.findings.map((finding) => ({ ...finding, message: text })),
        exchanges: base.report.exchanges.map((exchange) => ({ ...exchange, reason: text, scope: text })),
        summary: { ...base.report.summary, undecoded: { [text]: 1 } },
      },
    });
    const expected = skeletonOf(pageOf(named('plain')));
    expect(expected.length).toBeGreaterThan(100);
    const check = (text: string) => {
      const page = pageOf(named(text));
      expect(skeletonOf(page)).toEqual(expected);
      // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
      expect(page).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/);
    };
    for (const text of HOSTILE) check(text);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.string({
            unit: fc.constantFrom('<', '>', '"', "'", '&', '/', '!', '-', '=', '`', 's', '\u202e', '\0', ' '),
          }),
        ),
        (text) => check(text),
      ),
      { numRuns: 60 },
    );
  });
});

describe('jsonForScript', () => {
  it('cannot end its element, and reads back as the same text but for what is hidden', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }), (key, text) => {
        const json = jsonForScript({ [key]: [text, '</script>', '<!--'] });
        expect(json).not.toMatch(/[<\u2028\u2029]/);
        expect(() => JSON.parse(json)).not.toThrow();
      }),
    );
    expect(JSON.parse(jsonForScript(['</script>', 'é 漢 🙂', 'a\u202eb']))).toEqual([
      '</script>',
      'é 漢 🙂',
      'a\\u{202e}b',
    ]);
  });
});

describe('frameRanges', () => {
  it('writes runs as Wireshark reads sets', () => {
    expect(frameRanges([])).toEqual({ ranges: '', cut: 0 });
    expect(frameRanges([7])).toEqual({ ranges: '7', cut: 0 });
    expect(frameRanges([3, 1, 2, 9, 10, 9])).toEqual({ ranges: '1..3,9,10', cut: 0 });
  });

  it('holds every frame once, or says how many it cut', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5000 }), { maxLength: 3000 }), (frames) => {
        const { ranges, cut } = frameRanges(frames);
        const expanded =
          ranges === ''
            ? []
            : ranges.split(',').flatMap((run) => {
                const [first, last = first] = run.split('..').map(Number);
                return Array.from({ length: last! - first! + 1 }, (_, index) => first! + index);
              });
        const distinct = [...new Set(frames)].sort((a, b) => a - b);
        expect(expanded).toEqual(distinct.slice(0, expanded.length));
        expect(expanded.length + cut).toBe(distinct.length);
      }),
      { numRuns: 50 },
    );
  });
});

describeWith(['tshark'], 'the display filters', () => {
  it('are ones that Wireshark takes', () => {
    const folder = mkdtempSync(join(tmpdir(), 'portzero-filter-'));
    const file = join(folder, 'empty.pcap');
    // A classic pcap header (magic, version 2.4, zone, accuracy, snap length, Ethernet) and no frame.
    writeFileSync(file, Buffer.from('d4c3b2a1020004000000000000000000ffff000001000000', 'hex'));
    const tryFilter = (filter: string) =>
      execFileSync('tshark', ['-r', file, '-Y', filter], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    try {
      for (const frames of [[7], [1, 2], [1, 2, 3, 9, 11, 12, 13]]) {
        expect(tryFilter(displayFilter(frameRanges(frames).ranges))).toBe('');
      }
      expect(() => tryFilter('frame.number in {1..}')).toThrow();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('words', () => {
  it.each([
    [0, '0 s'],
    [250e-9, '250 ns'],
    [43e-6, '43 µs'],
    [999.9e-6, '1 ms'],
    [0.00153, '1.53 ms'],
    [0.9999, '1 s'],
    [5.25, '5.25 s'],
    [119, '119 s'],
    [125, '2 min 5 s'],
    [240, '4 min'],
    [7980, '2 h 13 min'],
    [200_000, '2 d 7 h'],
    [-0.5, '−500 ms'],
  ])('writes %d seconds as %s', (seconds, text) => {
    expect(formatDuration(seconds)).toBe(text);
  });

  it('measures nanoseconds between times', () => {
    const from = '2026-11-21T05:55:10.123456789Z';
    expect(secondsBetween(from, '2026-11-21T05:55:10.123456790Z')).toBeCloseTo(1e-9, 12);
    expect(secondsBetween(from, '2026-11-21T05:55:12.123456789Z')).toBe(2);
    expect(secondsBetween('2026-11-21T05:55:10Z', '2026-11-20T05:55:10Z')).toBe(-86_400);
  });

  it('keeps all digits of a time', () => {
    expect(formatTime('2026-11-21T05:55:10.123456789Z', true)).toBe('2026-11-21 05:55:10.123456789 UTC');
    expect(formatTime('2026-11-21T05:55:10.123456789Z', false)).toBe('05:55:10.123456789');
  });
});
