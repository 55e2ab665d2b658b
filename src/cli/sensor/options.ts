import type { Argv } from 'yargs';
import { BACKENDS, type Backend, CAPTURERS } from '../../capture/live/capturers.ts';
import { DEFAULT_SNAP_LENGTH } from '../../capture/live/live-source.ts';
import { parseDuration } from '../../config/duration.ts';
import { CliError, readCount } from '../io.ts';
import { ANALYZE_OPTIONS, type AnalyzeArguments, SHARED_OPTIONS } from '../options.ts';
import { QUEUE_OPTIONS, STORE_OPTIONS } from '../service-options.ts';
import type { HttpAddress } from './http.ts';
import { Quota, type RotationOptions, readRotation, readSize } from './rotation.ts';

export const MEBIBYTE = 1024 * 1024;
/** pcap_set_buffer_size() takes an int. */
export const MAX_BUFFER_MEBIBYTES = 2047;
/** What setTimeout() takes. */
export const MAX_TIMER_MILLIS = 0x7fff_ffff;
export const MAX_SNAP_LENGTH = 262_144;

export function declareOptions(yargs: Argv) {
  return yargs
    .usage(
      '$0 sniff [interfaces..]\n\nSniff on one or more interfaces and tell at once who uses port 0 and how the stack answers. Ctrl-C ends it with a summary; SIGUSR1 prints counters; SIGHUP reads the configuration again.',
    )
    .positional('interfaces', {
      type: 'string',
      array: true,
      describe: 'See portzero interfaces; several are one capture, in the order of time',
      defaultDescription: 'any, all interfaces at once, where the system has that',
    })
    .option('filter', {
      type: 'string',
      requiresArg: true,
      describe: 'Capture what this pcap-filter(7) expression says; "" for everything',
      defaultDescription: 'what the analysis needs',
    })
    .option('duration', { type: 'string', requiresArg: true, describe: 'End after this time: 30s, 5m, 1h' })
    .option('count', { type: 'string', requiresArg: true, describe: 'End after so many frames' })
    .option('write', {
      alias: 'w',
      type: 'string',
      requiresArg: true,
      describe: 'Keep the frames of flagged exchanges in this pcapng file, each with a comment that says why',
    })
    .option('evidence-memory', {
      type: 'string',
      requiresArg: true,
      describe: 'Memory for frames that may yet be flagged, for -w: 64MiB, 1GiB',
      defaultDescription: '64MiB',
    })
    .option('output', {
      alias: 'o',
      type: 'string',
      requiresArg: true,
      describe:
        'Append the lines of --format (eve, ndjson, csv, text) to this file, not to standard output; SIGHUP has it opened anew',
    })
    .option('rotate', {
      type: 'string',
      requiresArg: true,
      describe: 'Begin a new file of -w and -o each 1h, after each 100MB, or both (1h,100MB): NAME-TIME-NUMBER.ENDING',
    })
    .option('keep', {
      type: 'string',
      requiresArg: true,
      describe: 'Keep so many files of each, the newest; those of earlier runs count too',
      defaultDescription: 'all',
    })
    .option('max-disk', {
      type: 'string',
      requiresArg: true,
      describe: 'Most that the files of -w and -o take together: the oldest are removed',
      defaultDescription: 'no bound',
    })
    .option('stats-interval', {
      type: 'string',
      requiresArg: true,
      describe: 'Write a record of statistics this often, in eve (as Suricata does) and ndjson: 8s, 1m',
      defaultDescription: 'none',
    })
    .option('metrics', {
      type: 'string',
      requiresArg: true,
      describe:
        'Serve /metrics (OpenMetrics) and /healthz at this ADDRESS:PORT, or at this port of 127.0.0.1, while it runs',
      defaultDescription: 'no server',
    })
    .option('serve', {
      type: 'string',
      requiresArg: true,
      describe:
        'Serve a page that shows the run as it goes at this ADDRESS:PORT, or at this port of 127.0.0.1, while it runs',
      defaultDescription: 'no server',
    })
    .option('to', {
      type: 'string',
      requiresArg: true,
      describe:
        'Send what is found to this hub, nats://HOST or tls://HOST of a nats-server with JetStream, for portzero collect',
      defaultDescription: 'nowhere',
    })
    .option('spool', {
      type: 'string',
      requiresArg: true,
      describe: 'Keep what the hub does not take at the moment on the disk of this nats-server: nats://127.0.0.1:4222',
      defaultDescription: 'in memory, 10,000 records',
    })
    .option('site', { type: 'string', requiresArg: true, describe: 'Where the sensor is, for --to' })
    .option('sensor', {
      type: 'string',
      requiresArg: true,
      describe: 'Name of the sensor, for --to',
      defaultDescription: 'name of the host',
    })
    .options({ creds: QUEUE_OPTIONS.creds, nkey: QUEUE_OPTIONS.nkey, ca: STORE_OPTIONS.ca })
    .option('backend', {
      type: 'string',
      choices: BACKENDS,
      requiresArg: true,
      describe: 'Who captures',
      defaultDescription: 'tcpdump, dumpcap or cap: the first that is there and may',
    })
    .option('restart', {
      type: 'boolean',
      describe: 'Wait for the interface where it is not there or not up, and when it went away; the gap is reported',
    })
    .option('snaplen', {
      type: 'string',
      requiresArg: true,
      describe: 'Bytes kept of each frame',
      defaultDescription: `${DEFAULT_SNAP_LENGTH}`,
    })
    .option('buffer', {
      type: 'string',
      requiresArg: true,
      describe: "MiB of the kernel's buffer",
      defaultDescription: BACKENDS.map((name) => `${name} ${CAPTURERS[name].bufferBytes / MEBIBYTE}`).join(', '),
    })
    .option('format', ANALYZE_OPTIONS.format)
    .option('report', ANALYZE_OPTIONS.report)
    .options(SHARED_OPTIONS)
    .example('$0 sniff', 'all interfaces, a line for each finding')
    .example('$0 sniff eth0 eth1', 'both ports of a tap, which has one a direction')
    .example('$0 sniff eth0 -f eve >> eve.json', 'alerts as Suricata writes them, for a SIEM')
    .example('$0 sniff eth0 --duration 1m -w evidence.pcapng', 'a minute, and the frames to look at in Wireshark');
}

export interface SniffArguments extends AnalyzeArguments {
  readonly interfaces?: readonly string[] | undefined;
  readonly filter?: string | undefined;
  readonly duration?: string | undefined;
  readonly count?: string | undefined;
  readonly write?: string | undefined;
  readonly evidenceMemory?: string | undefined;
  readonly output?: string | undefined;
  readonly rotate?: string | undefined;
  readonly keep?: string | undefined;
  readonly maxDisk?: string | undefined;
  readonly statsInterval?: string | undefined;
  readonly metrics?: string | undefined;
  readonly serve?: string | undefined;
  readonly to?: string | undefined;
  readonly spool?: string | undefined;
  readonly site?: string | undefined;
  readonly sensor?: string | undefined;
  readonly creds?: string | undefined;
  readonly nkey?: string | undefined;
  readonly ca?: string | undefined;
  readonly backend?: Backend | undefined;
  readonly restart?: boolean | undefined;
  readonly snaplen?: string | undefined;
  readonly buffer?: string | undefined;
}

const LEAST_EVIDENCE_BYTES = MEBIBYTE;
const LEAST_DISK_BYTES = 64 * 1024;

/** Milliseconds; null where none are wanted. Throws CliError. */
export function readStatsInterval({ statsInterval }: SniffArguments): number | null {
  if (statsInterval === undefined) return null;
  const millis = (parseDuration(statsInterval) ?? 0) / 1e6;
  if (millis >= 100 && millis <= MAX_TIMER_MILLIS) return millis;
  throw new CliError(`--stats-interval ${statsInterval}: expected a duration such as 8s or 1m, at least 100ms`);
}

/** Where to serve those who watch; null where nobody is served. */
export interface Watchers {
  readonly metrics: HttpAddress | null;
  readonly page: HttpAddress | null;
}

/** Throws CliError. */
export async function readWatchers({ metrics, serve }: SniffArguments): Promise<Watchers> {
  if (metrics === undefined && serve === undefined) return { metrics: null, page: null };
  const { readAddress } = await import('./http.ts');
  const read = (option: string, value: string | undefined) => (value === undefined ? null : readAddress(option, value));
  const watchers = { metrics: read('--metrics', metrics), page: read('--serve', serve) };
  const { page } = watchers;
  if (page !== null && page.port !== 0 && page.port === watchers.metrics?.port && page.host === watchers.metrics.host)
    throw new CliError(`--serve ${serve}: --metrics is there already; give it a port of its own`);
  return watchers;
}

/** Undefined for the default. Throws CliError. */
export function readEvidenceMemory({ evidenceMemory }: SniffArguments): number | undefined {
  return readSize('--evidence-memory', evidenceMemory, LEAST_EVIDENCE_BYTES) ?? undefined;
}

/** Null where files are not cut. Throws CliError. */
export function readRotationOptions(args: SniffArguments): RotationOptions | null {
  const maxDisk = readSize('--max-disk', args.maxDisk, LEAST_DISK_BYTES);
  const keep = readCount('--keep', args.keep, 1) ?? null;
  if (args.rotate === undefined && maxDisk === null) {
    if (keep !== null)
      throw new CliError('--keep is about the files that --rotate begins: say when, as in --rotate 1h');
    return null;
  }
  if (args.write === undefined && args.output === undefined) {
    throw new CliError(
      `${args.rotate === undefined ? '--max-disk' : '--rotate'} is about the files of -w and -o: name one`,
    );
  }
  return {
    ...(args.rotate === undefined ? { maxMillis: null, maxBytes: null } : readRotation(args.rotate)),
    keep,
    quota: maxDisk === null ? null : new Quota(maxDisk),
  };
}
