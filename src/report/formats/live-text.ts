import { formatCount } from '../../words/numbers.ts';
import type { ExchangeReport, FindingReport, StreamReporterFactory } from '../model/types.ts';
import { formatTextAnswer, formatTextFinding, formatTextSummary } from './text.ts';

/** An answer that comes this soon is told in the finding's own line. Short enough for a person, and for a pipe. */
const HOLD_MILLIS = 3;
/** More lines than this in a second nobody reads: the rest of that second are counted. */
const MAX_LINES = 60;

interface Held {
  readonly until: number;
  readonly exchange: ExchangeReport;
  findings: readonly FindingReport[];
}

/**
 * For a person who watches: a line for each finding as it comes, with the answer where that comes at once and in a line of
 * its own where it comes later; and the summary at the end.
 */
export const streamText: StreamReporterFactory = (write, context) => {
  /** Findings of exchanges that had no answer yet; the oldest first. */
  const held = new Map<number, Held>();
  /** Exchanges whose findings were told without an answer. */
  const unanswered = new Set<number>();
  let timer: NodeJS.Timeout | null = null;
  let due = 0;
  let found = false;
  let second = 0;
  let lines = 0;
  let left = 0;

  const put = (line: string, now = performance.now()) => {
    if (now - second >= 1000) {
      tellLeft();
      second = now;
      lines = 0;
    }
    if (++lines <= MAX_LINES) write(line);
    else if (left++ === 0) schedule(1000 - (now - second));
    found = true;
  };
  const tellLeft = () => {
    if (left > 0) write(`… and ${formatCount(left, 'line')} more\n`);
    left = 0;
  };
  const schedule = (millis: number) => {
    const at = performance.now() + millis;
    if (timer !== null && due <= at) return;
    if (timer !== null) clearTimeout(timer);
    due = at;
    timer = setTimeout(release, Math.max(1, millis)).unref();
  };
  const tell = ({ findings, exchange }: Held) => {
    for (const finding of findings) put(formatTextFinding(finding, context, exchange));
  };
  const release = () => {
    timer = null;
    const now = performance.now();
    for (const [id, entry] of held) {
      if (entry.until > now) {
        schedule(entry.until - now);
        break;
      }
      held.delete(id);
      unanswered.add(id);
      tell(entry);
    }
    if (now - second >= 1000) tellLeft();
    else if (left > 0) schedule(1000 - (now - second));
  };

  return {
    overflow: {
      get isFull() {
        // Those that are held are lines of this second, or of the next.
        return (performance.now() - second < 1000 ? lines : 0) + held.size >= MAX_LINES;
      },
      count(findings) {
        if (left === 0) schedule(1000);
        left += findings;
        found = true;
      },
    },
    exchange({ id }: ExchangeReport) {
      unanswered.delete(id);
    },
    finding(finding, exchange) {
      const entry = exchange === null ? undefined : held.get(exchange.id);
      if (entry !== undefined) entry.findings = [...entry.findings, finding];
      else if (
        exchange !== null &&
        exchange.frames.answer === null &&
        exchange.verdict === 'undecided' &&
        !unanswered.has(exchange.id)
      ) {
        held.set(exchange.id, { until: performance.now() + HOLD_MILLIS, exchange, findings: [finding] });
        schedule(HOLD_MILLIS);
      } else put(formatTextFinding(finding, context, exchange));
    },
    answered(exchange, findings) {
      const entry = held.get(exchange.id);
      held.delete(exchange.id);
      if (entry !== undefined) {
        const wanted = new Set(entry.findings.map(({ ruleId }) => ruleId));
        tell({ ...entry, findings: findings.filter(({ ruleId }) => wanted.has(ruleId)) });
      } else if (unanswered.delete(exchange.id)) put(formatTextAnswer(exchange, context));
    },
    end(result) {
      if (timer !== null) clearTimeout(timer);
      for (const entry of held.values()) tell(entry);
      tellLeft();
      if (found) write('\n');
      for (const text of formatTextSummary(result, context)) write(text);
    },
  };
};
