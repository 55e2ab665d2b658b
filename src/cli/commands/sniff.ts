import { resolve } from 'node:path';
import { analyzeSource } from '../../analysis/analyze-source.ts';
import { combineResults } from '../../analysis/combine.ts';
import { EvidenceRecorder } from '../../analysis/evidence.ts';
import { numberStream } from '../../analysis/sinks.ts';
import type { AnalysisProgress, AnalysisSettings, AnalysisSink, InputResult } from '../../analysis/types.ts';
import { describeRemedy } from '../../capture/live/capturer-run.ts';
import { type Backend, CAPTURERS } from '../../capture/live/capturers.ts';
import { ANY, listInterfaces } from '../../capture/live/interfaces.ts';
import { LiveGroup } from '../../capture/live/live-group.ts';
import { DEFAULT_SNAP_LENGTH, type LiveEvent, LiveSource } from '../../capture/live/live-source.ts';
import type { FrameSource } from '../../capture/source.ts';
import { parseDuration } from '../../config/duration.ts';
import type { PluginReporter } from '../../config/plugins.ts';
import type { DecoderOptions } from '../../decode/decoder.ts';
import { createLinkMap } from '../../decode/link/link-map.ts';
import { linkTypeName } from '../../decode/link/linktypes.ts';
import { isEncryptedTunnel, TUNNEL_NONE, TunnelPorts } from '../../decode/tunnel/ports.ts';
import { LIVE_TEXT_NAME } from '../../report/formats/index.ts';
import { streamText } from '../../report/formats/live-text.ts';
import { escapeForTerminal } from '../../words/escape.ts';
import { formatCount } from '../../words/numbers.ts';
import { CliError, type CliIo, EXIT_TROUBLE, type OutputStream, readCount } from '../io.ts';
import { openReports } from '../reports.ts';
import { EvidenceOutlet } from '../sensor/evidence-outlet.ts';
import type { FleetOptions, FleetSensorOptions } from '../sensor/fleet-sensor.ts';
import {
  declareOptions,
  MAX_BUFFER_MEBIBYTES,
  MAX_SNAP_LENGTH,
  MAX_TIMER_MILLIS,
  MEBIBYTE,
  readEvidenceMemory,
  readRotationOptions,
  readStatsInterval,
  readWatchers,
  type SniffArguments,
} from '../sensor/options.ts';
import { Outlets } from '../sensor/outlets.ts';
import { Policy } from '../sensor/policy.ts';
import { Rotation, type RotationOptions } from '../sensor/rotation.ts';
import { Vitals } from '../sensor/vitals.ts';
import { openWatching } from '../sensor/watching.ts';
import { readOrigins, readSettings, sayOutcome, statusOf } from '../settings.ts';
import type { Log } from '../standard-output.ts';
import { openStatusLine } from '../status-line.ts';

export const builder = declareOptions;

export async function run(args: SniffArguments, io: CliIo): Promise<number> {
  const { settings, plugins } = await readSettings(args, io, { live: true });
  const duration = args.duration === undefined ? null : parseDuration(args.duration);
  if (args.duration !== undefined && (duration === null || duration === 0 || duration / 1e6 > MAX_TIMER_MILLIS)) {
    throw new CliError(`--duration ${args.duration}: expected a duration such as 30s, 5m or 1h, at most 590h`);
  }
  const buffer = readCount('--buffer', args.buffer, 1, MAX_BUFFER_MEBIBYTES);
  const rotation = readRotationOptions(args);
  const evidenceBytes = readEvidenceMemory(args);
  const statsMillis = readStatsInterval(args);
  const watchers = await readWatchers(args);
  const fleet = await readFleet(args);
  const quiet = args.quiet === true;
  const status = quiet ? null : openStatusLine(io);
  const say = (text: string) => {
    status?.clear();
    io.stderr.write(`portzero: ${escapeForTerminal(text)}\n`);
  };
  const tell = (text: string) => {
    if (!quiet) say(text);
  };

  const stop = new AbortController();
  const onAbort = () => stop.abort();
  if (io.signal.aborted) onAbort();
  io.signal.addEventListener('abort', onAbort);
  io.ownStdout?.();
  const outlets = new Outlets({ tell: say, onGone: onAbort });
  const isGone = () => outlets.isGone;

  const onEvent = (event: LiveEvent, name: string) => {
    tell(describeEvent(event, name));
    if (event.type === 'started' || event.type === 'waiting') watching.ready();
  };
  const interfaces = readInterfaces(args);
  const live = {
    // Frames that are read as another link type are not what libpcap takes them for.
    filter: args.filter ?? (createLinkMap(settings.config.decoder) === null ? null : ''),
    tunnelPorts: openTunnelPorts(settings.config.decoder.tunnelPorts),
    backend: args.backend ?? null,
    snapLength: readCount('--snaplen', args.snaplen, 64, MAX_SNAP_LENGTH) ?? DEFAULT_SNAP_LENGTH,
    bufferBytes: buffer === undefined ? null : buffer * MEBIBYTE,
    restart: args.restart === true,
    maxFrames: readCount('--count', args.count, 1) ?? null,
  };
  const [name] = interfaces;
  const source =
    interfaces.length === 1
      ? new LiveSource({ ...live, interface: name!, onEvent: (event) => onEvent(event, name!) })
      : new LiveGroup({ ...live, interfaces, onEvent });
  const format = args.format ?? 'text';
  const shown = status === null ? io : { ...io, stdout: status.guard(io.stdout) };
  const request = {
    format: format === 'text' ? LIVE_TEXT.name : format,
    paths: args.report ?? [],
    color: args.color,
    reporters: [LIVE_TEXT, ...plugins.reporters],
    inputs: [],
    config: settings.config,
    updatesBaseline: args.updateBaseline === true,
    origins: await readOrigins(args, io),
    signatures: args.signatures,
    writes: args.write === undefined ? [] : [{ name: `--write ${args.write}`, path: resolve(io.cwd, args.write) }],
    inputName: () => source.name,
    outlets: {
      openStdout: (stream: OutputStream) => outlets.openStdout(stream),
      openLines: (path: string) => outlets.openLines(path),
      openOutput: (path: string) => outlets.openLines(path, { appends: true, rotation: openRotation(path, rotation) }),
    },
    ...(args.output === undefined ? {} : { output: args.output }),
  };
  const reports = await openReports(request, shown, isGone);

  let last: AnalysisProgress = { source, frames: 0, openExchanges: 0, findings: { error: 0, warning: 0, info: 0 } };
  const sayCounters = () => say(describeCounters(last));
  const listed = (of: AnalysisSettings): AnalysisSettings => ({ ...of, lists: reports.needsLists });
  const policy = new Policy(listed(settings), {
    read: async () => listed((await readSettings(args, io, { live: true })).settings),
    tell: say,
  });
  const onHangup = () => {
    outlets.reopen();
    policy.reload();
  };
  process.on('SIGUSR1', sayCounters);
  process.on('SIGHUP', onHangup);
  const timer = duration === null ? null : setTimeout(() => stop.abort(), duration / 1e6);
  const numbered = reports.sink === null ? null : numberStream(reports.sink);
  const evidence = openEvidence(
    source,
    [
      ...(args.write === undefined ? [] : [{ path: resolve(io.cwd, args.write), rotation }]),
      ...reports.evidencePaths.map((path) => ({ path, rotation: null })),
    ],
    outlets,
    evidenceBytes,
  );
  const counters = () => ({
    received: last.frames,
    dropped: evidence?.recorder.missing ?? 0,
    systemDropped: source.drops,
  });
  for (const writer of evidence?.writers ?? []) writer.countBy(counters);
  const vitals = new Vitals({
    capture: source,
    outlets,
    policy,
    evidence: () =>
      evidence === null
        ? null
        : { frames: evidence.writers[0]!.frames, missing: evidence.recorder.missing, bytes: evidence.recorder.bytes },
  });
  const board = watchers.page === null ? null : await openBoard(vitals, source);
  const isWatched = watchers.metrics !== null || board !== null;
  outlets.isNeeded = isWatched || fleet !== null;
  const sensor = await fleet?.open({
    outlets,
    tell,
    read: () => ({ frames: last.frames, drops: source.drops === null ? null : Number(source.drops) }),
  });
  const watching = await openWatching({
    ...watchers,
    vitals,
    board,
    env: io.env,
    describe: () => describeCounters(last),
    tell,
    warn: say,
  });
  const statsTimer = statsMillis === null ? null : setInterval(() => reports.stats(vitals.read()), statsMillis);
  // What is told of a frame is told when the frame is on its way to the disk.
  const sinks: AnalysisSink[] = [
    statsMillis === null && !isWatched ? null : vitals.sink,
    evidence?.recorder ?? null,
    sensor?.sink ?? null,
    board?.sink ?? null,
    numbered,
  ].filter((it) => it !== null);
  const sink: AnalysisSink | undefined =
    sinks.length === 0
      ? undefined
      : {
          overflow: sinks.length === 1 ? sinks[0]!.overflow : undefined,
          exchange(exchange) {
            for (const it of sinks) it.exchange?.(exchange);
          },
          finding(finding, exchange) {
            for (const it of sinks) it.finding?.(finding, exchange);
          },
          ...(sinks.some((it) => it.answered !== undefined)
            ? {
                answered(exchange, findings) {
                  for (const it of sinks) it.answered?.(exchange, findings);
                },
              }
            : {}),
        };
  let result: InputResult;
  try {
    result = await analyzeSource(source, {
      settings: listed(settings),
      input: 0,
      signal: stop.signal,
      onStart: (analysis) => policy.attach(analysis),
      ...(sink === undefined ? {} : { sink }),
      ...(evidence === null ? {} : { onFrame: evidence.recorder.onFrame }),
      onProgress(progress) {
        last = progress;
        vitals.update(progress);
        board?.update(progress);
        if (source.interfaces.length > 0) status?.update(progress);
        return reports.flush();
      },
    });
    const { exchanges: all, portZero } = result.summary;
    const settled = { ...last, openExchanges: 0, exchanges: { all, portZero } };
    vitals.update(settled);
    board?.update(settled);
  } finally {
    status?.clear();
    if (timer !== null) clearTimeout(timer);
    if (statsTimer !== null) clearInterval(statsTimer);
    watching.close();
    process.off('SIGUSR1', sayCounters);
    process.off('SIGHUP', onHangup);
    io.signal.removeEventListener('abort', onAbort);
  }
  const failures = (await evidence?.close()) ?? [];
  const lost = (await sensor?.close()) ?? null;
  if (lost !== null) failures.push(lost);
  const whole = combineResults([result], policy.settings);
  await reports.finish(whole);
  for (const { code, message } of source.problems) {
    say(code === 'no-permission' ? `${message}. ${describeRemedy(source.name)}` : message);
  }
  if (evidence !== null) tell(describeEvidence(evidence));
  if (!isGone()) await sayOutcome(whole, format, tell);
  for (const failure of failures) say(failure);
  reports.check();
  if (settings.baseline?.updates) {
    const { writeBaseline } = await import('../baseline.ts');
    tell(writeBaseline(settings.config.baseline!, settings.baseline, whole, failures.length > 0));
  }
  const isLogLost = ((io.stderr as Partial<Log>).lost ?? 0) > 0;
  return failures.length > 0 || isLogLost ? EXIT_TROUBLE : statusOf(whole, policy.settings.config);
}

/** The text report of a live run: finding by finding, and the summary at the end. */
const LIVE_TEXT: PluginReporter = { name: LIVE_TEXT_NAME, stream: streamText };

/** Loaded only for who watches. */
async function openBoard(vitals: Vitals, source: FrameSource) {
  const { LiveBoard } = await import('../sensor/live-board.ts');
  return new LiveBoard(vitals, () => source.name);
}

/** UDP ports whose datagrams the kernel must let through; what is encrypted is never looked into. */
function openTunnelPorts(configured: DecoderOptions['tunnelPorts']): number[] {
  const tunnels = TunnelPorts.of(configured);
  return Array.from({ length: 65_536 }, (_, port) => port).filter((port) => {
    const tunnel = tunnels.tunnelOf(port, port);
    return tunnel !== TUNNEL_NONE && !isEncryptedTunnel(tunnel);
  });
}

/** What talks to a hub, loaded where there is one. */
async function readFleet(args: SniffArguments) {
  const isAsked = [args.to, args.spool, args.site, args.sensor, args.creds, args.nkey, args.ca].some(
    (it) => it !== undefined,
  );
  if (!isAsked) return null;
  const { FleetSensor, readFleetOptions } = await import('../sensor/fleet-sensor.ts');
  const options = readFleetOptions(args);
  if (options === null) return null;
  return {
    open: (more: Omit<FleetSensorOptions, keyof FleetOptions>) => FleetSensor.open({ ...options, ...more }),
  };
}

interface Evidence {
  readonly recorder: EvidenceRecorder;
  readonly writers: readonly EvidenceOutlet[];
  /** Gives what kept files from being whole. */
  close(): Promise<string[]>;
}

/** Null when no file is asked for. Throws CliError for one that cannot be made. */
function openEvidence(
  source: FrameSource,
  files: readonly { readonly path: string; readonly rotation: RotationOptions | null }[],
  outlets: Outlets,
  bytes: number | undefined,
): Evidence | null {
  if (files.length === 0) return null;
  const writers = files.map(
    ({ path, rotation }) => new EvidenceOutlet(path, outlets, { rotation: openRotation(path, rotation) }),
  );
  const recorder = new EvidenceRecorder(source, writers, bytes);
  return {
    recorder,
    writers,
    async close() {
      recorder.end();
      const failures = await Promise.allSettled(writers.map((writer) => writer.close()));
      return failures.flatMap((it) => (it.status === 'rejected' ? [(it.reason as Error).message] : []));
    },
  };
}

function openRotation(path: string, options: RotationOptions | null): Rotation | null {
  return options === null ? null : new Rotation(path, options);
}

function describeEvidence({ recorder, writers }: Evidence): string {
  const missing =
    recorder.missing === 0
      ? ''
      : `; ${formatCount(recorder.missing, 'frame')} had gone from --evidence-memory before they were flagged`;
  const places = writers.map(({ path, files }) => (files > 1 ? `${formatCount(files, 'file')} of ${path}` : path));
  return `${formatCount(writers[0]!.frames, 'frame')} kept in ${places.join(' and ')}${missing}`;
}

/** More have no place in one process. */
const MAX_INTERFACES = 16;

/** Throws CliError. */
function readInterfaces({ interfaces = [] }: SniffArguments): string[] {
  const names = [...new Set(interfaces.map(String))];
  if (names.length > 1 && names.includes(ANY)) throw new CliError(`${ANY} is all interfaces already: name no other`);
  if (names.length > MAX_INTERFACES) throw new CliError(`at most ${MAX_INTERFACES} interfaces, or ${ANY}`);
  return names.length === 0 ? [defaultInterface()] : names;
}

/** All interfaces at once where there is such a thing, else the first one that is up and leads somewhere. */
function defaultInterface(): string {
  const up = listInterfaces().filter((it) => it.up);
  const chosen =
    up.find(({ name }) => name === ANY) ??
    up.find(({ loopback, addresses }) => !loopback && addresses.length > 0) ??
    up[0];
  if (chosen === undefined) throw new CliError('no interface is up; see portzero interfaces');
  return chosen.name;
}

/** What each says of frames that the kernel dropped: why it comes before the next one. */
const DROPS_TOLD: Readonly<Record<Backend, string>> = {
  tcpdump: 'drops are counted while it runs',
  dumpcap: 'drops are counted at its end (tcpdump counts them while it runs)',
  cap: 'drops in the kernel are not known (tcpdump and dumpcap count them)',
};

function describeEvent(event: LiveEvent, name: string): string {
  switch (event.type) {
    case 'started': {
      const { stamps } = CAPTURERS[event.backend];
      const by = `${
        stamps === 'kernel' ? 'frames are stamped by the kernel' : 'frames are stamped at delivery'
      }, ${DROPS_TOLD[event.backend]}`;
      return `sniffing on ${name} (${linkTypeName(event.linkType)}) with ${event.backend}: ${by}`;
    }
    case 'fallback':
      return `${event.reason}; trying ${event.to}`;
    case 'waiting':
      return `${event.reason}; waiting for it`;
    case 'lost':
      return `${event.reason}; going on with ${event.left.join(', ')}`;
    case 'clock-step':
      return event.text;
  }
}

function describeCounters({ source, frames, openExchanges, findings }: AnalysisProgress): string {
  const found = findings.error + findings.warning + findings.info;
  const drops = source.drops === null ? 'drops not known' : formatCount(source.drops, 'drop');
  const open = formatCount(openExchanges, 'open exchange');
  return `${formatCount(frames, 'frame')}, ${open}, ${formatCount(found, 'finding')}, ${drops}`;
}
