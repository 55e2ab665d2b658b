import { Counter, Gauge, type OpenMetricsContentType, type PrometheusContentType, Registry } from 'prom-client';
import type { StatsReport } from '../../report/model/types.ts';
import { VERDICTS } from '../../track/exchange.ts';
import { VERSION } from '../../version.ts';
import { answer, type Handler } from './http.ts';
import type { Vitals } from './vitals.ts';

type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

/** A metric as the numbers of a moment have it; no samples where there is nothing to tell. */
interface Metric {
  readonly kind: 'counter' | 'gauge';
  readonly name: string;
  readonly help: string;
  readonly labels: readonly string[];
  read(stats: StatsReport): readonly Sample[];
}

type One = (stats: StatsReport) => number | null;
const one = (kind: Metric['kind'], name: string, help: string, value: One): Metric => ({
  kind,
  name,
  help,
  labels: [],
  read(stats) {
    const it = value(stats);
    return it === null ? [] : [[{}, it]];
  },
});
const counter = (name: string, help: string, value: One) => one('counter', name, help, value);
const gauge = (name: string, help: string, value: One) => one('gauge', name, help, value);
const byOutput = (
  kind: Metric['kind'],
  name: string,
  help: string,
  value: (output: StatsReport['outputs'][number]) => number,
): Metric => ({
  kind,
  name,
  help,
  labels: ['output'],
  read: ({ outputs }) => outputs.map((output) => [{ output: output.name }, value(output)]),
});

/** Every label has few values: they come from the command line and from lists of ours, none from a packet. */
function listMetrics(vitals: Vitals, startedSeconds: number): Metric[] {
  return [
    {
      kind: 'gauge',
      name: 'portzero_build_info',
      help: 'Version of portzero.',
      labels: ['version'],
      read: () => [[{ version: VERSION }, 1]],
    },
    counter('portzero_frames_total', 'Frames analysed.', ({ frames }) => frames),
    counter('portzero_captured_bytes_total', 'Bytes captured of the frames analysed.', ({ bytes }) => bytes),
    counter(
      'portzero_dropped_frames_total',
      'Frames that the kernel or the capturer is known to have lost; absent where nobody counts them.',
      ({ drops }) => (drops === null ? null : Number(drops)),
    ),
    gauge('portzero_capturing', '1 while a capturer hands out frames.', ({ capturing }) => Number(capturing)),
    counter('portzero_capturer_starts_total', 'Starts of a capturer.', () => vitals.capture.starts),
    counter(
      'portzero_clock_steps_total',
      'Times that the clock was set by two seconds or more, or the machine slept.',
      () => vitals.capture.clockSteps,
    ),
    gauge(
      'portzero_lag_seconds',
      'How far the newest frame is behind the clock while frames come.',
      ({ lagSeconds }) => lagSeconds,
    ),
    {
      kind: 'counter',
      name: 'portzero_exchanges_total',
      help: 'Exchanges that have settled, by verdict and whether an end is port 0.',
      labels: ['verdict', 'port_zero'],
      read({ exchanges: { all, portZero } }) {
        if (all === null || portZero === null) return [];
        return VERDICTS.flatMap((verdict): Sample[] => [
          [{ verdict, port_zero: 'true' }, portZero[verdict]],
          [{ verdict, port_zero: 'false' }, all[verdict] - portZero[verdict]],
        ]);
      },
    },
    gauge('portzero_open_exchanges', 'Exchanges that wait to be settled.', ({ exchanges }) => exchanges.open),
    counter(
      'portzero_evicted_exchanges_total',
      'Exchanges that had to leave the full table before they were settled.',
      ({ exchanges }) => exchanges.evicted,
    ),
    {
      kind: 'counter',
      name: 'portzero_findings_total',
      help: 'Findings by rule.',
      labels: ['rule'],
      // A series that is there from the start has its first finding seen by rate().
      read: ({ findings }) =>
        [...new Set([...vitals.rules, ...Object.keys(findings)])].map((rule) => [{ rule }, findings[rule] ?? 0]),
    },
    counter(
      'portzero_evidence_frames_total',
      'Frames written to the evidence files.',
      ({ evidence }) => evidence?.frames ?? null,
    ),
    counter(
      'portzero_evidence_missing_frames_total',
      'Frames of flagged exchanges that had left the memory for evidence before.',
      ({ evidence }) => evidence?.missing ?? null,
    ),
    byOutput('counter', 'portzero_output_records_total', 'Records written.', ({ written }) => written),
    byOutput('counter', 'portzero_output_lost_records_total', 'Records lost.', ({ lost }) => lost),
    byOutput('gauge', 'portzero_output_failing', '1 while an output cannot be written.', ({ failing }) =>
      failing === null ? 0 : 1,
    ),
    {
      kind: 'counter',
      name: 'portzero_policy_reloads_total',
      help: 'Times that the policy was read again, by what came of it.',
      labels: ['result'],
      read: () => Object.entries(vitals.policy.reloads).map(([result, times]) => [{ result }, times]),
    },
    gauge('portzero_healthy', '1 when /healthz is green.', () => (vitals.complaints().length === 0 ? 1 : 0)),
    counter('process_cpu_seconds_total', 'CPU time of this process, without the capturer.', () => {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1e6;
    }),
    gauge(
      'process_resident_memory_bytes',
      'Resident memory of this process, without the capturer.',
      ({ memoryBytes }) => memoryBytes,
    ),
    gauge('process_start_time_seconds', 'Start of this process since 1970.', () => startedSeconds),
  ];
}

/**
 * The numbers of a live run by prom-client: in OpenMetrics, or in Prometheus' older format for who asks for that alone. They are
 * two registries because the library renames the counters of one that writes OpenMetrics.
 */
export function createMetrics(vitals: Vitals): Handler {
  const metrics = listMetrics(vitals, Date.now() / 1000 - process.uptime());
  let stats: StatsReport;
  const register = <T extends AnyRegistry>(registry: T): T => {
    for (const metric of metrics) {
      const { name, help } = metric;
      const common = { name, help, labelNames: [...metric.labels], registers: [registry] };
      if (metric.kind === 'gauge') {
        const made: Gauge = new Gauge({
          ...common,
          collect() {
            made.reset();
            if (metric.labels.length === 0) made.remove();
            for (const [labels, value] of metric.read(stats)) made.set(labels, value);
          },
        });
      } else {
        const made: Counter = new Counter({
          ...common,
          collect() {
            made.reset();
            if (metric.labels.length === 0) made.remove();
            for (const [labels, value] of metric.read(stats)) made.inc(labels, value);
          },
        });
      }
    }
    return registry;
  };
  const open = register(openRegistry());
  const plain = register(new Registry());
  return async ({ headers: { accept = '' } }, response) => {
    stats = vitals.read();
    const wanted = accept.includes('text/plain') && !accept.includes('openmetrics') ? plain : open;
    answer(response, 200, await wanted.metrics(), wanted.contentType);
  };
}

type OpenMetrics = Registry<OpenMetricsContentType>;
type AnyRegistry = OpenMetrics | Registry<PrometheusContentType>;

function openRegistry(): OpenMetrics {
  // The declared constructor does not know the argument that the library's own documentation shows.
  const registry: AnyRegistry = new Registry();
  (registry as AnyRegistry as OpenMetrics).setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  return registry as AnyRegistry as OpenMetrics;
}

/** 200 when all is well, 503 with the reasons when it is not. */
export function createHealth(vitals: Vitals): Handler {
  return (_, response) => {
    const complaints = vitals.complaints();
    const isWell = complaints.length === 0;
    const text = JSON.stringify({ status: isWell ? 'ok' : 'failing', complaints });
    answer(response, isWell ? 200 : 503, `${text}\n`, 'application/json');
  };
}
