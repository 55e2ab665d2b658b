import type { AnalysisProgress } from '../analysis/types.ts';
import { formatCount, formatNumber } from '../words/numbers.ts';
import { type CliIo, type OutputStream, widthOf } from './io.ts';

/** One line at the bottom of a terminal that tells how a live run goes. */
export interface StatusLine {
  update(progress: AnalysisProgress): void;
  /** Takes it off the screen until the next update. */
  clear(): void;
  /** The same stream, off which the line is taken before anything is written there. */
  guard(stream: OutputStream): OutputStream;
}

const REDRAW_MILLIS = 500;
const ERASE = '\r\u001b[K';

/** Null where standard error is no terminal that can take the line away again. */
export function openStatusLine(io: CliIo): StatusLine | null {
  if (io.stderr.isTTY !== true || io.env.TERM === 'dumb') return null;
  let shown = false;
  let drawn = 0;
  let rateSince = performance.now();
  let rateFrames = 0;
  let rate = 0;
  const clear = () => {
    if (shown) io.stderr.write(ERASE);
    shown = false;
  };
  return {
    update(progress) {
      const now = performance.now();
      if (now - rateSince >= 1000) {
        rate = ((progress.frames - rateFrames) * 1000) / (now - rateSince);
        rateSince = now;
        rateFrames = progress.frames;
      }
      if (shown && now - drawn < REDRAW_MILLIS) return;
      io.stderr.write(`${ERASE}${describeState(progress, rate).slice(0, widthOf(io, io.stderr) - 1)}`);
      shown = true;
      drawn = now;
    },
    clear,
    guard(stream) {
      if (stream.isTTY !== true) return stream;
      return new Proxy(stream, {
        get(target, name) {
          const value = Reflect.get(target, name, target);
          if (typeof value !== 'function') return value;
          if (name === 'write') clear();
          return value.bind(target);
        },
      });
    },
  };
}

function describeState({ source, frames, openExchanges, findings }: AnalysisProgress, rate: number): string {
  const found = findings.error + findings.warning + findings.info;
  const drops = source.drops === null ? '' : `, ${formatCount(source.drops, 'drop')}`;
  return `${formatCount(frames, 'frame')}, ${formatNumber(Math.round(rate))}/s, ${formatNumber(openExchanges)} open, ${formatCount(found, 'finding')}${drops}`;
}
