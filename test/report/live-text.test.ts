import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { streamText } from '../../src/report/formats/live-text.ts';
import type { StreamReporter } from '../../src/report/model/types.ts';
import { makeExchangeReport, makeFindingReport, makeRun } from '../support/reports.ts';

const open = (id = 1) =>
  makeExchangeReport({
    id,
    verdict: 'undecided',
    state: 'unknown',
    reason: null,
    answeredBy: null,
    answered: null,
    latencyMs: null,
    frames: { probe: 1, answer: null, all: [1], count: 1, omitted: 0 },
  });
const refused = (id = 1) => makeExchangeReport({ id });
const asked = (id = 1) => makeFindingReport({ exchange: id, message: 'no answer seen so far' });
const known = (id = 1) => makeFindingReport({ exchange: id, message: 'refused' });

let text = '';
let reporter: StreamReporter;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
  text = '';
  reporter = streamText(
    (part) => {
      text += part;
    },
    { width: 80, color: false, inputName: () => null },
  );
});
afterEach(() => {
  vi.useRealTimers();
});

describe('streamText, live', () => {
  it('is full once a second has its lines, those held included, and then counts', () => {
    const { overflow } = reporter;
    let told = 0;
    for (; overflow?.isFull === false && told < 1000; told++) {
      reporter.finding(makeFindingReport({ exchange: told + 1 }), { ...open(), id: told + 1 });
    }
    expect(told).toBe(60);
    overflow?.count(3);
    overflow?.count(4);
    vi.advanceTimersByTime(4);
    expect(text.trim().split('\n')).toHaveLength(60);
    expect(overflow?.isFull).toBe(true);
    vi.advanceTimersByTime(1000);
    expect(text).toMatch(/\n… and 7 lines more\n$/);
    expect(overflow?.isFull).toBe(false);
    vi.advanceTimersByTime(5000);
    expect(text.match(/lines more/g)).toHaveLength(1);
  });

  it('tells the answer in the line of the finding when it comes at once', () => {
    reporter.finding(asked(), open());
    expect(text).toBe('');
    reporter.answered?.(refused(), [known()]);
    expect(text).toMatch(/warning {2}refused .*syn-to-port-zero\n$/);
    vi.advanceTimersByTime(5000);
    expect(text.split('\n')).toHaveLength(2);
  });

  it('tells an unanswered question after three milliseconds, and the answer when it comes', () => {
    reporter.finding(asked(), open());
    vi.advanceTimersByTime(4);
    expect(text).toMatch(/no answer seen so far/);
    reporter.answered?.(refused(), [known()]);
    const lines = text.trim().split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[1]).toMatch(
      / {2}answer {3}\S+:\d+ > \S+:0 was refused with a RST: RST after [\d.]+ ms {2}\[frame 2\]$/,
    );
    // Once is enough.
    reporter.answered?.(refused(), [known()]);
    expect(text.trim().split('\n')).toHaveLength(2);
  });

  it('tells only what it held, and findings of other kinds at once', () => {
    reporter.finding(asked(), open());
    reporter.finding(makeFindingReport({ exchange: null, ruleId: 'port-zero-scan', message: 'scan' }), null);
    expect(text).toMatch(/scan {2}.*port-zero-scan\n$/);
    reporter.answered?.(refused(), [known(), makeFindingReport({ exchange: 1, ruleId: 'port-zero-data' })]);
    expect(text).not.toContain('port-zero-data');
  });

  it('keeps the question before what its answer brings', () => {
    reporter.finding(asked(), open());
    const accepted = makeFindingReport({ exchange: 1, ruleId: 'port-zero-accepted', message: 'accepted' });
    reporter.finding(accepted, refused());
    reporter.answered?.(refused(), [known(), accepted]);
    expect(text.match(/refused|accepted /g)).toEqual(['refused', 'accepted ']);
  });

  it('counts what nobody could read', () => {
    for (let id = 1; id <= 1000; id++) reporter.finding(known(id), refused(id));
    expect(text.trim().split('\n')).toHaveLength(60);
    vi.advanceTimersByTime(1001);
    expect(text).toMatch(/… and 940 lines more\n$/);
    reporter.finding(known(), refused());
    expect(text.trim().split('\n')).toHaveLength(62);
  });

  it('tells at the end what it still holds', () => {
    reporter.finding(asked(), open());
    for (let id = 2; id <= 100; id++) reporter.finding(known(id), refused(id));
    reporter.end(makeRun([], []));
    const told = text.slice(0, text.indexOf('\n\n'));
    // 99 others and the one that was held, 60 of them told.
    expect(told.split('\n')).toHaveLength(61);
    expect(told).toMatch(/… and 40 lines more$/);
    vi.advanceTimersByTime(5000);
    expect(text.match(/no answer seen/g) ?? []).toHaveLength(0);
  });
});
