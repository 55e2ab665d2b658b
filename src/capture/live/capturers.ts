import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { CaptureErrorCode } from '../errors.ts';
import type { CapChildMessage, CapChildSettings } from './cap-child.ts';

/**
 * Programs that capture and write a pcap stream, in the order in which they are tried: tcpdump tells what was lost while it runs,
 * dumpcap at its end, and cap loses in silence.
 */
export const BACKENDS = ['tcpdump', 'dumpcap', 'cap'] as const;
export type Backend = (typeof BACKENDS)[number];

export interface CaptureSettings {
  readonly interface: string;
  /** A pcap-filter(7) expression; empty for all frames. */
  readonly filter: string;
  /** Bytes kept of each frame. */
  readonly snapLength: number;
  /** Size of the kernel's buffer. */
  readonly bufferBytes: number;
}

/** What there is to know of a capturer beyond that it writes pcap to standard output. */
export interface Capturer {
  /** Who stamps a frame: the kernel when it arrives, or the capturer when it is delivered to it. */
  readonly stamps: 'kernel' | 'delivery';
  /** Size of the kernel's buffer with which 200,000 SYNs at 260,000 a second arrived whole. */
  readonly bufferBytes: number;
  /** Longest time that a frame may wait in the capturer, in milliseconds. */
  delayMillis(settings: Pick<CaptureSettings, 'snapLength' | 'bufferBytes'>): number;
  command(settings: CaptureSettings): { readonly file: string; readonly args: readonly string[] };
  /** How it is asked to end: by a signal, or (null) by the end of its standard input. */
  readonly stopSignal: NodeJS.Signals | null;
  /** Makes it tell its counters; null when it tells them only at its end, or by itself. */
  readonly statsSignal: NodeJS.Signals | null;
  /** Frames lost so far, when the line of standard error tells it; null otherwise. */
  parseDrops(line: string): number | null;
  /**
   * Frames that the kernel had for it at its end and that it did not read, by what it said; null where that tells it not. Of a loopback
   * interface it does not: libpcap passes over half of what the kernel counts, as each frame is there twice.
   */
  countLeft(lines: readonly string[]): number | null;
}

const MEBIBYTE = 1024 * 1024;
/** What the kernel and libpcap put before each frame in a ring of slots, and the rounding. */
const SLOT_OVERHEAD = 80;
/** A ring with fewer slots is full before its reader has a turn. */
const LEAST_SLOTS = 20_000;

/**
 * Immediate mode hands each frame out at once, in slots as long as the snap length (TPACKET_V2): a long one makes few of them of the
 * same buffer, 1,023 of 64 MiB for whole frames, which a moment's burst fills. Without it frames lie close together (TPACKET_V3), and
 * are handed out when a block is full or a second has passed.
 */
const isImmediate = ({ snapLength, bufferBytes }: Pick<CaptureSettings, 'snapLength' | 'bufferBytes'>): boolean =>
  bufferBytes / (snapLength + SLOT_OVERHEAD) >= LEAST_SLOTS;

export const CAPTURERS: Readonly<Record<Backend, Capturer>> = {
  cap: {
    stamps: 'delivery',
    bufferBytes: 100 * MEBIBYTE,
    delayMillis: () => 1,
    command: (settings) => ({
      file: process.execPath,
      args: [capChildPath(), JSON.stringify(settings satisfies CapChildSettings)],
    }),
    stopSignal: null,
    statsSignal: null,
    // What the kernel dropped it cannot know; what it had to drop itself it says.
    parseDrops(line) {
      const message = parseCapMessage(line);
      return message?.type === 'counters' && message.dropped > 0 ? message.dropped : null;
    },
    countLeft: () => null,
  },
  dumpcap: {
    stamps: 'kernel',
    bufferBytes: 64 * MEBIBYTE,
    delayMillis: () => 200,
    command: ({ interface: name, filter, snapLength, bufferBytes }) => ({
      file: 'dumpcap',
      args: [
        ...['-q', '-P', '-w', '-', '-i', name, '-s', `${snapLength}`],
        ...['-B', `${Math.max(1, Math.round(bufferBytes / MEBIBYTE))}`],
        ...(filter === '' ? [] : ['-f', filter]),
      ],
    }),
    stopSignal: 'SIGINT',
    statsSignal: null,
    parseDrops: (line) => numberIn(/^Packets received\/dropped on interface .*: \d+\/(\d+) /, line),
    countLeft: () => null,
  },
  tcpdump: {
    stamps: 'kernel',
    bufferBytes: 64 * MEBIBYTE,
    // Its read timeout is a second.
    delayMillis: (settings) => (isImmediate(settings) ? 1 : 1000),
    command: ({ interface: name, filter, snapLength, bufferBytes }) => ({
      file: 'tcpdump',
      args: [
        ...['-n', '-U', '-w', '-', '-i', name, '-s', `${snapLength}`],
        ...(isImmediate({ snapLength, bufferBytes }) ? ['--immediate-mode'] : []),
        ...['-B', `${Math.max(1, Math.round(bufferBytes / 1024))}`],
        ...['--time-stamp-precision', 'nano', '--', filter].filter((arg) => arg !== ''),
      ],
    }),
    stopSignal: 'SIGINT',
    statsSignal: 'SIGUSR1',
    parseDrops: (line) => numberIn(/(\d+) packets? dropped by kernel/, line),
    countLeft(lines) {
      const last = (pattern: RegExp) => numberIn(pattern, lines.findLast((line) => pattern.test(line)) ?? '');
      const captured = last(/(\d+) packets? captured/);
      const received = last(/(\d+) packets? received/);
      const dropped = last(/(\d+) packets? dropped/);
      return captured === null || received === null || dropped === null
        ? null
        : Math.max(0, received - captured - dropped);
    },
  },
};

function numberIn(pattern: RegExp, line: string): number | null {
  const found = pattern.exec(line);
  return found === null ? null : Number(found[1]);
}

/** Next to this module where that is compiled; from the sources (tests) the build beside them. */
function capChildPath(): string {
  const beside = fileURLToPath(new URL('./cap-child.js', import.meta.url));
  return existsSync(beside) ? beside : fileURLToPath(new URL('../../../dist/bundle/cap-child.js', import.meta.url));
}

export function parseCapMessage(line: string): CapChildMessage | null {
  if (!line.startsWith('{')) return null;
  try {
    return JSON.parse(line) as CapChildMessage;
  } catch {
    return null;
  }
}

/** By what libpcap and the capturers print, in the C locale, the most telling first. */
const COMPLAINTS: readonly (readonly [CaptureErrorCode, RegExp])[] = [
  // tcpdump, as root but not allowed to become somebody else.
  ['capturer-failed', /couldn't change to/i],
  ['no-permission', /not permitted|permission|EACCES|EPERM/i],
  ['no-interface', /no such device|no (?:interface|device) named|doesn't exist/i],
  ['interface-gone', /\bnot up\b|disappeared|no longer (?:attached|running)|went down|network is down|status == 0/i],
  [
    'bad-filter',
    /filter|parse|syntax|expression|unknown (?:host|port|network|protocol|ether)|illegal|support(?:ed)? for/i,
  ],
];

/** What a capturer's last words mean. */
export function classifyFailure(words: string): CaptureErrorCode {
  return COMPLAINTS.find(([, pattern]) => pattern.test(words))?.[0] ?? 'capturer-failed';
}
