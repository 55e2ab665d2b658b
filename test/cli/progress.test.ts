import { afterEach, describe, expect, it, vi } from 'vitest';
import { showProgress, showSweepProgress } from '../../src/cli/progress.ts';
import { fakeIo } from '../support/io.ts';

const GIGABYTE = 1e9;
const at = (part: number) => ({
  bytesRead: part * GIGABYTE,
  totalBytes: GIGABYTE,
  frames: 2_000_000 * part,
  findings: 3,
});

afterEach(() => vi.useRealTimers());

describe('the progress bar', () => {
  it('shows rate and time left on a terminal, once it takes a while, and leaves nothing behind', async () => {
    vi.useFakeTimers();
    const io = fakeIo({ columns: 120 });
    const progress = showProgress(io);
    vi.advanceTimersByTime(100);
    progress.update(at(0.1));
    expect(io.err()).toBe('');
    vi.advanceTimersByTime(900);
    progress.update(at(0.25));
    await vi.dynamicImportSettled();
    expect(io.err()).toMatch(/25 % of 250 MB, 250 MB\/s, 3 s left, 500,000 frames, 3 findings/);
    vi.advanceTimersByTime(1000);
    progress.update(at(0.5));
    vi.advanceTimersByTime(200);
    expect(io.err()).toMatch(/50 % of 500 MB, 250 MB\/s, 2 s left/);
    progress.stop();
    expect(io.out()).toBe('');
    // Cursor shown again, line cleared.
    expect(io.err()).toContain('\u001b[?25h');
    expect(io.err()).toContain('\u001b[0K');
    expect(io.err().slice(io.err().lastIndexOf('\u001b[0K'))).not.toContain('%');
  });

  it('shows what was read of a pipe', async () => {
    vi.useFakeTimers();
    const io = fakeIo({ columns: 120 });
    const progress = showProgress(io);
    vi.advanceTimersByTime(2000);
    progress.update({ ...at(1), totalBytes: null });
    await vi.dynamicImportSettled();
    expect(io.err()).toContain('1.0 GB, 500 MB/s, 2,000,000 frames');
    progress.stop();
  });

  it('writes nothing where there is no terminal', async () => {
    vi.useFakeTimers();
    const io = fakeIo();
    const progress = showProgress(io);
    vi.advanceTimersByTime(5000);
    progress.update(at(0.5));
    await vi.dynamicImportSettled();
    progress.stop();
    expect(io.err()).toBe('');
  });

  it('shows captures, rate and time left of a sweep, counted from where it was when it began', async () => {
    vi.useFakeTimers();
    const io = fakeIo({ columns: 120 });
    const progress = showSweepProgress(io);
    const sweep = (doneFiles: number, failed = 0) => ({
      files: 2000,
      bytes: 2 * GIGABYTE,
      doneFiles,
      doneBytes: doneFiles * 1e6,
      failed,
    });
    progress.update(sweep(500));
    vi.advanceTimersByTime(10_000);
    progress.update(sweep(1000, 2));
    await vi.dynamicImportSettled();
    expect(io.err()).toMatch(/50 % of 1,000 of 2,000 captures, 50\.0 MB\/s, 20 s left, 2 failed/);
    progress.stop();
    expect(io.out()).toBe('');
  });
});
