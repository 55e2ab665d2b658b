import { appendFileSync, readFileSync, type Stats, statSync } from 'node:fs';
import { isAbsolute, resolve } from 'node:path';
import { withLikeness } from '../analysis/likeness.ts';
import type { AnalysisSink } from '../analysis/types.ts';
import type { StackEntry } from '../atlas/types.ts';
import { nearestWord } from '../config/nearest.ts';
import type { PluginReporter } from '../config/plugins.ts';
import type { Config } from '../config/types.ts';
import {
  FORMATS,
  formatOfPath,
  isReportFormat,
  type LoadedReporter,
  loadLiveReporter,
  loadReporter,
  needsLists,
  REPORT_ENDINGS,
  type ReportFormat,
} from '../report/formats/index.ts';
import type {
  DocumentReporter,
  ExchangeReport,
  ReportContext,
  RunResult,
  StatsReport,
  StreamContext,
  StreamReporter,
  StreamReporterFactory,
} from '../report/model/types.ts';
import { expectationMeta } from '../rules/expectation.ts';
import { whyUnreadable } from '../unreadable.ts';
import { CliError, type CliIo, type OutputStream, wantsColor, widthOf } from './io.ts';
import type { Origins } from './origins.ts';
import { fileOutput, type Output, streamOutput } from './output.ts';
import { refuseInFollowed, refuseSameFiles, type Target } from './same-file.ts';

/** Columns of a text report in a file. */
const FILE_WIDTH = 100;

export interface ReportRequest {
  /** For standard output. */
  readonly format: string;
  /** Files of --report, as given. */
  readonly paths: readonly string[];
  readonly color: boolean | undefined;
  /** Reporters of plugins. */
  readonly reporters: readonly PluginReporter[];
  /** Results are wanted as they come: text tells each finding then, and no document can. */
  readonly live?: boolean;
  /** Captures that are read, which no report may overwrite; "-" is standard input. */
  readonly inputs: readonly string[];
  /** Whose files no report may overwrite either. */
  readonly config: Pick<Config, 'path' | 'plugins' | 'baseline'>;
  /** The baseline is written at the end, and no other output may go there. */
  readonly updatesBaseline?: boolean;
  /** Further files that are written, and must be others than the reports: --write. */
  readonly writes?: readonly Target[];
  /** Of a live run, where no output may end it; otherwise each is written as it comes, and waited for. */
  readonly outlets?: {
    openStdout(stream: OutputStream): Output;
    openLines(path: string): Output;
    openOutput(path: string): Output;
  };
  /** A file to which the lines of the format go instead of standard output. */
  readonly output?: string;
  /** Adds where the ends are; null where nobody asked. */
  readonly origins?: Origins | null;
  /** File of --signatures. */
  readonly signatures?: string | undefined;
  /** See StreamContext; asked when an input has been opened. */
  inputName(input: number): string | null;
}

/** All reports of one run: those that stream hear of results as they come, the others are written at the end. */
export interface Reports {
  /** Null when no report streams: results need not be told then. */
  readonly sink: AnalysisSink | null;
  /** Whether any report needs the lists of exchanges and findings: text has groups, and streams hear of each. */
  readonly needsLists: boolean;
  /** Files of frames (.pcapng), which are not made from the results alone. */
  readonly evidencePaths: readonly string[];
  /** Tells the numbers of a live run to the reports that take them. */
  stats(stats: StatsReport): void;
  /** Lets a slow reader of standard output catch up. */
  flush(): Promise<void>;
  /** Writes what is left. A report that fails does not keep the others from being written; see check(). */
  finish(result: RunResult): Promise<void>;
  /** Throws what kept a report from being whole; to be called when all else is done. */
  check(): void;
}

/**
 * Opens everything that is to be written. Throws CliError for an unknown format or a path that cannot be written. Whatever
 * fails later is kept for check(), and the report that it happened to is not gone on with.
 */
export async function openReports(request: ReportRequest, io: CliIo, isGone: () => boolean): Promise<Reports> {
  const signatures = request.signatures === undefined ? [] : await readSignatures(request.signatures, io);
  const named = await reporterOf(request.format, request.reporters, request.live);
  const { inputName, origins } = request;
  const place = (exchange: ExchangeReport) => origins?.ofExchange(exchange) ?? exchange;
  const files = request.paths.map((path) => ({
    path: resolve(io.cwd, path),
    wanted: formatOf(path, request.reporters),
  }));
  refuseSameFiles(
    [
      ...(request.writes ?? []),
      ...(request.updatesBaseline === true && request.config.baseline !== null
        ? [{ name: '--update-baseline', path: request.config.baseline }]
        : []),
      ...(request.output === undefined
        ? []
        : [{ name: `--output ${request.output}`, path: resolve(io.cwd, request.output) }]),
      ...files.map(({ path }, index) => ({ name: `--report ${request.paths[index]}`, path })),
    ],
    {
      captures: request.inputs.map((path) => (path === '-' ? path : resolve(io.cwd, path))),
      settings: settingsFiles(request),
    },
  );

  if (request.live === true && request.inputs.length === 1) {
    const evidence = files.filter(({ wanted }) => wanted === 'pcapng');
    refuseInFollowed(
      resolve(io.cwd, request.inputs[0]!),
      evidence.map(({ path }) => ({ name: `--report ${path}`, path })),
    );
  }

  const documents: { reporter: DocumentReporter; output: Output; context: ReportContext }[] = [];
  const streams = new Set<StreamReporter>();
  const outputs = new Set<Output>();
  const evidencePaths: string[] = [];
  const failures: unknown[] = [];
  const feet = new Map<StreamReporter, () => void>();
  const attempt = (action: () => void) => {
    try {
      action();
    } catch (error) {
      failures.push(error);
    }
  };
  const tell = (action: (stream: StreamReporter) => void) => {
    for (const stream of streams) {
      const before = failures.length;
      attempt(() => action(stream));
      if (failures.length > before) streams.delete(stream);
    }
  };
  const add = (reporter: LoadedReporter, output: Output, context: StreamContext) => {
    outputs.add(output);
    if (reporter.kind === 'document') documents.push({ reporter: reporter.format, output, context });
    else
      attempt(() =>
        streams.add(
          enclosed(
            reporter.create((text) => output.write(text), context),
            output,
            feet,
          ),
        ),
      );
    output.begin?.();
  };
  for (const { path, wanted } of files) {
    if (wanted === 'pcapng') {
      evidencePaths.push(path);
      continue;
    }
    const reporter = await reporterOf(wanted, request.reporters);
    // Half a document is none: it is written at the end, at once.
    const output =
      reporter.kind === 'stream' ? (request.outlets?.openLines(path) ?? fileOutput(path)) : fileOutput(path);
    add(reporter, output, { width: FILE_WIDTH, color: false, inputName });
  }
  if (request.output !== undefined) {
    if (named.kind === 'document') {
      throw new CliError(
        `--output ${request.output}: ${request.format} is written at the end, at once; name the file with --report`,
      );
    }
    const path = resolve(io.cwd, request.output);
    add(named, request.outlets?.openOutput(path) ?? fileOutput(path), { width: FILE_WIDTH, color: false, inputName });
  } else {
    const context = { width: widthOf(io, io.stdout), color: wantsColor(io, io.stdout, request.color), inputName };
    add(named, request.outlets?.openStdout(io.stdout) ?? streamOutput(io.stdout, isGone), context);
  }

  const likeness = streams.size === 0 ? null : new (await import('../atlas/looks-like.ts')).StreamLikeness(signatures);
  return {
    sink: likeness === null ? null : streamSink(tell, streams, (exchange) => likeness.add(place(exchange))),
    // Text tells where the busiest sources are, and who they are is counted with the lists only.
    needsLists: origins != null || [request.format, ...files.map(({ wanted }) => wanted)].some(needsLists),
    evidencePaths,
    stats: (stats) => tell((stream) => stream.stats?.(stats)),
    async flush() {
      for (const output of outputs) {
        await output.flush().catch((error) => {
          // What a stream has written stands for itself, line by line.
          outputs.delete(output);
          failures.push(error);
        });
      }
    },
    async finish(bare) {
      const placed = (await request.origins?.ofResult(bare)) ?? bare;
      if (request.origins?.failure) failures.push(request.origins.failure);
      const result = await withLikeness(placed, signatures);
      // Whether an expectation holds is known at the end only, so no stream has heard of it.
      const late = result.report.findings.filter((finding) => finding.ruleId === expectationMeta.id);
      tell((stream) => {
        for (const finding of late) stream.finding(finding, null);
        stream.end(result);
        feet.get(stream)?.();
      });
      for (const { reporter, output, context } of documents) {
        try {
          for (const text of reporter(result, context)) output.write(text);
          await output.close();
        } catch (error) {
          // Half a document is none, and might be taken for one.
          failures.push(amend(error, output.abandon()));
        }
        outputs.delete(output);
      }
      for (const output of outputs) await output.close().catch((error) => failures.push(error));
      if (request.format === 'github') await appendStepSummary(result, io).catch((error) => failures.push(error));
    },
    check() {
      if (failures.length > 0) throw new AggregateError(failures, 'not every report could be written');
    },
  };
}

/** Has a stream's head written, and its foot: by the output where that has several files. */
function enclosed(stream: StreamReporter, output: Output, feet: Map<StreamReporter, () => void>): StreamReporter {
  const head = () => stream.head?.() ?? '';
  const foot = () => stream.foot?.() ?? '';
  if (stream.head === undefined && stream.foot === undefined) return stream;
  if (output.enclose !== undefined) output.enclose(head, foot);
  else {
    output.write(head());
    feet.set(stream, () => output.write(foot()));
  }
  return stream;
}

/** What streams are told, with what each answer looks like: once for all of them. */
function streamSink(
  tell: (action: (stream: StreamReporter) => void) => void,
  streams: ReadonlySet<StreamReporter>,
  describe: (exchange: ExchangeReport) => ExchangeReport,
): AnalysisSink {
  const overflows = [...streams].map(({ overflow }) => overflow);
  return {
    // One that shows all has to hear of all.
    overflow: overflows.length === 1 ? overflows[0] : undefined,
    exchange(exchange) {
      const described = describe(exchange);
      tell((stream) => stream.exchange(described));
    },
    finding(finding, exchange) {
      const described = exchange === null ? null : describe(exchange);
      tell((stream) => stream.finding(finding, described));
    },
    ...([...streams].some((stream) => stream.answered !== undefined)
      ? {
          answered(exchange, findings) {
            const described = describe(exchange);
            tell((stream) => stream.answered?.(described, findings));
          },
        }
      : {}),
  };
}

async function readSignatures(path: string, io: CliIo): Promise<readonly StackEntry[]> {
  const { parseSignatures } = await import('../atlas/load.ts');
  let text: string;
  try {
    text = readFileSync(resolve(io.cwd, path), 'utf8');
  } catch (error) {
    throw new CliError(`--signatures: cannot read ${path}: ${whyUnreadable(error)}`, { cause: error });
  }
  try {
    return parseSignatures(text);
  } catch (error) {
    throw new CliError(`--signatures ${path}: ${(error as Error).message}`);
  }
}

/** GitHub shows what a step appends to this file (Markdown) on the page of the run. */
async function appendStepSummary(result: RunResult, { env, stderr }: CliIo): Promise<void> {
  const path = env.GITHUB_STEP_SUMMARY;
  if (path === undefined || path === '') return;
  const { formatStepSummary, MAX_STEP_SUMMARY_BYTES } = await import('../report/formats/step-summary.ts');
  try {
    // What the step has written before counts as well.
    const text = formatStepSummary(result, MAX_STEP_SUMMARY_BYTES - (statOrNull(path)?.size ?? 0));
    if (text === '') stderr.write(`portzero: there is no room left in the job summary of this step\n`);
    else appendFileSync(path, text);
  } catch (error) {
    throw new CliError(`cannot write the job summary ${path}: ${(error as Error).message}`);
  }
}

async function reporterOf(name: string, own: readonly PluginReporter[], live = false): Promise<LoadedReporter> {
  if (isReportFormat(name)) return (live ? loadLiveReporter : loadReporter)(name);
  const plugin = own.find((reporter) => reporter.name === name);
  if (plugin?.document !== undefined) return { kind: 'document', format: plugin.document as DocumentReporter };
  if (plugin?.stream !== undefined) return { kind: 'stream', create: plugin.stream as StreamReporterFactory };
  const names = [...FORMATS, ...own.map((reporter) => reporter.name)];
  const near = nearestWord(name, names);
  const hint = near === null ? `the formats are ${names.join(', ')}` : `did you mean ${near}?`;
  throw new CliError(`there is no format "${name}": ${hint}`);
}

/** The format that the ending of a path of --report asks for. */
function formatOf(path: string, own: readonly PluginReporter[]): ReportFormat | 'pcapng' | string {
  const plugin = own.find(({ ending }) => ending !== undefined && path.toLowerCase().endsWith(ending.toLowerCase()));
  const format = plugin?.name ?? formatOfPath(path);
  if (format !== null) return format;
  const endings = [...REPORT_ENDINGS, ...own.flatMap(({ ending }) => (ending === undefined ? [] : [ending]))];
  throw new CliError(`--report ${path}: the ending says the format, and can be ${endings.join(', ')}`);
}

/** The same error with more to its message, where it is one for the user. */
function amend(error: unknown, more: string): unknown {
  return error instanceof CliError ? new CliError(`${error.message}${more}`, { cause: error }) : error;
}

function settingsFiles({ config, updatesBaseline }: ReportRequest): { what: string; path: string }[] {
  const { path, plugins, baseline } = config;
  const files = plugins.filter((plugin) => isAbsolute(plugin)).map((plugin) => ({ what: 'the plugin', path: plugin }));
  if (baseline !== null && updatesBaseline !== true) files.push({ what: 'the baseline', path: baseline });
  return path === null ? files : [{ what: 'the configuration', path }, ...files];
}

function statOrNull(path: string): Stats | null {
  return statSync(path, { throwIfNoEntry: false }) ?? null;
}
