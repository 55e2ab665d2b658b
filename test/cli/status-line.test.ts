import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { AnalysisProgress } from '../../src/analysis/types.ts';
import { openStatusLine } from '../../src/cli/status-line.ts';
import { fakeIo } from '../support/io.ts';

const progress = (frames: number, drops: number | null = null): AnalysisProgress => ({
  source: { drops } as AnalysisProgress['source'],
  frames,
  openExchanges: 17,
  findings: { error: 1, warning: 2, info: 0 },
});

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

describe('openStatusLine', () => {
  it('is null where standard error is no terminal', () => {
    expect(openStatusLine(fakeIo())).toBeNull();
    expect(openStatusLine(fakeIo({ columns: 80, env: { TERM: 'dumb' } }))).toBeNull();
  });

  it('tells frames, rate, open exchanges, findings and drops, twice a second at most', () => {
    const io = fakeIo({ columns: 80 });
    const status = openStatusLine(io)!;
    status.update(progress(1000));
    vi.advanceTimersByTime(100);
    status.update(progress(1500));
    expect(io.err()).toBe('\r\u001b[K1,000 frames, 0/s, 17 open, 3 findings');
    vi.advanceTimersByTime(1900);
    status.update(progress(5000, 12));
    expect(io.err().split('\r\u001b[K').at(-1)).toBe('5,000 frames, 2,500/s, 17 open, 3 findings, 12 drops');
  });

  it('makes room for what is written, and comes back with the next update', () => {
    const io = fakeIo({ columns: 80 });
    const status = openStatusLine(io)!;
    const out = status.guard(io.stdout);
    status.update(progress(1));
    out.write('finding\n');
    expect(io.err().endsWith('\r\u001b[K')).toBe(true);
    expect(io.out()).toBe('finding\n');
    status.update(progress(2));
    expect(io.err()).toMatch(/2 frames/);
  });

  it('is never longer than the terminal is wide', () => {
    const io = fakeIo({ columns: 40 });
    openStatusLine(io)!.update(progress(123_456_789, 1_000_000));
    expect(io.err().replace('\r\u001b[K', '').length).toBeLessThan(40);
  });
});
