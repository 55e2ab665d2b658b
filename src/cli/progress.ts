import type { InputsProgress } from '../analysis/types.ts';
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
export async function showSweepProgress(io: CliIo): Promise<{
  update(state: { files: number; doneFiles: number; bytes: number; doneBytes: number; failed: number }): void;
  stop(): void;
}> {
  const bar = await openBar(io);
  const began = performance.now();
  /** What was there before we began came at no rate of ours. */
  let before: { doneBytes: number } | null = null;
  return {
    update(state) {
      before ??= state;
      const rate = (state.doneBytes - before.doneBytes) / ((performance.now() - began) / 1000);
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
export async function showProgress(io: CliIo): Promise<ProgressDisplay> {
  const bar = await openBar(io);
  const began = performance.now();
  return {
    update({ bytesRead, totalBytes, frames, findings }) {
      const rate = bytesRead / ((performance.now() - began) / 1000);
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

/** `total` is null where nobody knows it. */
async function openBar(
  io: CliIo,
): Promise<{ show(done: number, total: number | null, state: string): void; stop(): void }> {
  if (io.stderr.isTTY !== true || io.env.TERM === 'dumb') return { show() {}, stop() {} };
  const { default: cliProgress } = await import('cli-progress');
  const began = performance.now();
  let bar: InstanceType<typeof cliProgress.SingleBar> | null = null;
  return {
    show(done, total, state) {
      if (performance.now() - began < PATIENCE_MS) return;
      if (bar === null) {
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
      } else bar.update(Math.min(done, bar.getTotal()), { state });
    },
    stop() {
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
