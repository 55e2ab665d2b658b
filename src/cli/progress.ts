import type { InputsProgress } from '../analysis/types.ts';
import type { CliIo } from './io.ts';

export interface ProgressDisplay {
  update(progress: InputsProgress): void;
  /** Takes it off the screen. */
  stop(): void;
}

/** What is done sooner needs no bar. */
const PATIENCE_MS = 400;

/** A bar on standard error with rate and time left, where that is a terminal; nothing elsewhere. */
export async function showProgress(io: CliIo): Promise<ProgressDisplay> {
  if (io.stderr.isTTY !== true || io.env.TERM === 'dumb') return { update() {}, stop() {} };
  const { default: cliProgress } = await import('cli-progress');
  const began = performance.now();
  let bar: InstanceType<typeof cliProgress.SingleBar> | null = null;
  return {
    update({ bytesRead, totalBytes, frames, findings }) {
      const elapsed = performance.now() - began;
      if (elapsed < PATIENCE_MS) return;
      const rate = bytesRead / (elapsed / 1000);
      const left = totalBytes === null ? '' : `, ${formatSeconds((totalBytes - bytesRead) / rate)} left`;
      const state = {
        state: `${formatBytes(bytesRead)}, ${formatBytes(rate)}/s${left}, ${frames.toLocaleString('en')} frames, ${findings.toLocaleString('en')} findings`,
      };
      if (bar === null) {
        bar = new cliProgress.SingleBar({
          format: totalBytes === null ? ' {state}' : ' {bar} {percentage} % of {state}',
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
        bar.start(totalBytes ?? Number.MAX_SAFE_INTEGER, bytesRead, state);
      } else bar.update(Math.min(bytesRead, bar.getTotal()), state);
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
