import type { SingleBar } from 'cli-progress';
import type { InputsProgress } from '../analysis/types.ts';
import { elapsedMillis } from '../elapsed.ts';
import { formatNumber } from '../words/numbers.ts';
import type { CliIo } from './io.ts';

export interface ProgressDisplay {
  update(progress: InputsProgress): void;
  /** Takes it off the screen. */
  stop(): void;
}

/** What is done sooner needs no bar. */
const PATIENCE_MS = 400;

/** How far a sweep is, as showProgress() shows a run. */
export function showSweepProgress(io: CliIo): {
  update(state: { files: number; doneFiles: number; bytes: number; doneBytes: number; failed: number }): void;
  stop(): void;
} {
  const bar = openBar(io);
  const began = elapsedMillis();
  /** What was there before we began came at no rate of ours. */
  let before: { doneBytes: number } | null = null;
  return {
    update(state) {
      before ??= state;
      const rate = (state.doneBytes - before.doneBytes) / ((elapsedMillis() - began) / 1000);
      const left = formatSeconds((state.bytes - state.doneBytes) / rate);
      const failed = state.failed > 0 ? `, ${formatNumber(state.failed)} failed` : '';
      bar.show(
        state.doneBytes,
        state.bytes,
        `${formatNumber(state.doneFiles)} of ${formatNumber(state.files)} captures, ${formatBytes(rate)}/s, ${left} left${failed}`,
      );
    },
    stop: () => bar.stop(),
  };
}

/** A bar on standard error with rate and time left, where that is a terminal; nothing elsewhere. */
export function showProgress(io: CliIo): ProgressDisplay {
  const bar = openBar(io);
  const began = elapsedMillis();
  return {
    update({ bytesRead, totalBytes, frames, findings }) {
      const rate = bytesRead / ((elapsedMillis() - began) / 1000);
      const left = totalBytes === null ? '' : `, ${formatSeconds((totalBytes - bytesRead) / rate)} left`;
      bar.show(
        bytesRead,
        totalBytes,
        `${formatBytes(bytesRead)}, ${formatBytes(rate)}/s${left}, ${frames.toLocaleString('en')} frames, ${findings.toLocaleString('en')} findings`,
      );
    },
    stop: () => bar.stop(),
  };
}

/**
 * `total` is null where nobody knows it. Before PATIENCE_MS are over neither standard error nor the package that draws is asked
 * for: both take longer to load than a small capture takes to read.
 */
function openBar(io: CliIo): { show(done: number, total: number | null, state: string): void; stop(): void } {
  const began = elapsedMillis();
  let bar: SingleBar | null = null;
  let newest: { done: number; total: number | null; state: string };
  let isAsked = false;
  let isStopped = false;
  const open = async () => {
    if (io.stderr.isTTY !== true || io.env.TERM === 'dumb') return;
    const { default: cliProgress } = await import('cli-progress');
    if (isStopped) return;
    const { done, total, state } = newest;
    bar = new cliProgress.SingleBar({
      format: total === null ? ' {state}' : ' {bar} {percentage} % of {state}',
      barsize: 20,
      barCompleteChar: '█',
      barIncompleteChar: '░',
      stream: io.stderr as NodeJS.WriteStream,
      clearOnComplete: true,
      hideCursor: true,
      // Its own signal handlers would end the process behind our back.
      gracefulExit: false,
      linewrap: false,
    });
    bar.start(total ?? Number.MAX_SAFE_INTEGER, done, { state });
  };
  return {
    show(done, total, state) {
      newest = { done, total, state };
      if (bar !== null) bar.update(Math.min(done, bar.getTotal()), { state });
      else if (!isAsked && elapsedMillis() - began >= PATIENCE_MS) {
        isAsked = true;
        void open();
      }
    },
    stop() {
      isStopped = true;
      bar?.stop();
      bar = null;
    },
  };
}

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value >= 100 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return '?';
  const whole = Math.max(0, Math.ceil(seconds));
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${whole % 60} s` : `${whole} s`;
}
