/** A live page without a capture: what a test makes of it, served as sniff does. */
import type { AnalysisProgress } from '../../src/analysis/types.ts';
import { serve } from '../../src/cli/sensor/http.ts';
import { LiveBoard } from '../../src/cli/sensor/live-board.ts';
import { createPage } from '../../src/cli/sensor/page.ts';
import type { Vitals } from '../../src/cli/sensor/vitals.ts';
import type { ExchangeReport, FindingReport, StatsReport, VerdictCounts } from '../../src/report/model/types.ts';
import { VERDICTS, type Verdict } from '../../src/track/exchange.ts';

export class TestBoard {
  readonly board: LiveBoard;
  readonly counts = Object.fromEntries(['total', ...VERDICTS].map((key) => [key, 0])) as Record<
    'total' | Verdict,
    number
  >;
  complaints: string[] = [];
  captured: string[];
  drops: number | null = 0;
  frames = 0;
  open = 0;
  #next = 1;
  readonly #name: string;

  constructor(name = 'eth0', now?: () => number) {
    this.#name = name;
    this.captured = [name];
    const read = (): StatsReport => ({
      time: '2026-11-21T05:55:10.123Z',
      uptimeSeconds: 61,
      capturing: true,
      frames: this.frames,
      bytes: 0,
      drops: this.drops,
      lagSeconds: 0,
      exchanges: { open: this.open, evicted: 0, all: this.verdicts, portZero: this.verdicts },
      findings: {},
      evidence: null,
      outputs: [],
      memoryBytes: 130e6,
    });
    const vitals = {
      read,
      capture: this,
      complaints: () => this.complaints,
    } as unknown as Vitals;
    this.board = new LiveBoard(vitals, () => this.#name, now);
  }

  get verdicts(): VerdictCounts {
    return { ...this.counts };
  }

  /** A finding about an exchange that waits; gives its number. */
  find(ruleId: string, { message = `${ruleId} seen`, severity = 'warning' as const } = {}): number {
    const id = this.#next++;
    this.board.sink.finding!(finding(ruleId, message, severity, id), exchange(id, 'undecided'));
    this.open++;
    return id;
  }

  settle(id: number, verdict: Verdict): void {
    this.board.sink.exchange!(exchange(id, verdict));
    this.open--;
    this.counts[verdict]++;
    this.counts.total++;
    this.frames += 2;
    this.update();
  }

  update(problems: readonly string[] = []): void {
    this.board.update({
      source: { drops: this.drops, problems: problems.map((message) => ({ code: 'capture-gap', message })) },
      frames: this.frames,
      exchanges: { all: this.verdicts, portZero: this.verdicts },
    } as unknown as AnalysisProgress);
  }

  async serve(port = 0) {
    const { paths, close } = createPage(this.board);
    const server = await serve('--serve', { host: '127.0.0.1', port }, paths, { onlyOwnNames: true });
    return {
      url: server.url,
      close() {
        close();
        server.close();
      },
      /** As a process that is killed. */
      kill: () => server.close(),
    };
  }
}

function finding(ruleId: string, message: string, severity: 'warning', id: number): FindingReport {
  const time = `2026-11-21T05:55:10.${String(id % 1000).padStart(3, '0')}456789Z`;
  return { ruleId, severity, message, exchange: id, input: 0, frames: [id], framesOmitted: 0, time, data: {} };
}

const exchange = (id: number, verdict: Verdict) =>
  ({ id, input: 0, verdict, frames: { probe: 1, answer: verdict === 'undecided' ? null : 2 } }) as ExchangeReport;
