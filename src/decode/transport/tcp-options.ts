import { u16, u32 } from '../bytes.ts';

/*
 * RFC 9293 §3.1: a kind byte; kinds 0 and 1 stand alone, every other is followed by a length byte that counts both.
 *
 *    +--------+--------+---------...
 *    |  Kind  | Length |  Data
 *    +--------+--------+---------...
 */
const END_OF_OPTIONS = 0;
const NO_OPERATION = 1;
const MAXIMUM_SEGMENT_SIZE = 2;
const WINDOW_SCALE = 3;
const SACK_PERMITTED = 4;
const SACK = 5;
const ECHO = 6;
const ECHO_REPLY = 7;
const TIMESTAMPS = 8;
const CC = 11;
const CC_NEW = 12;
const CC_ECHO = 13;
const SIGNATURE = 19;
const SCPS = 20;
const USER_TIMEOUT = 28;
const AUTHENTICATION = 29;
const MULTIPATH = 30;
const FAST_OPEN = 34;
/** RFC 6994: shared kinds for experiments, told apart by a two-byte identifier. */
const EXPERIMENT_1 = 253;
const EXPERIMENT_2 = 254;
/** RFC 7413 appendix A: Fast Open before it had a kind of its own. */
const EXPERIMENT_FAST_OPEN = 0xf989;

const WORDS: Readonly<Record<number, string>> = {
  [END_OF_OPTIONS]: 'eol',
  [NO_OPERATION]: 'nop',
  [MAXIMUM_SEGMENT_SIZE]: 'mss',
  [WINDOW_SCALE]: 'wscale',
  [SACK_PERMITTED]: 'sackOK',
  [SACK]: 'sack',
  [ECHO]: 'echo',
  [ECHO_REPLY]: 'echoreply',
  [TIMESTAMPS]: 'TS',
  [CC]: 'cc',
  [CC_NEW]: 'ccnew',
  [CC_ECHO]: '',
  [SIGNATURE]: 'md5',
  [SCPS]: 'scps',
  [USER_TIMEOUT]: 'uto',
  [AUTHENTICATION]: 'tcp-ao',
  [MULTIPATH]: 'mptcp',
  [FAST_OPEN]: 'tfo',
  [EXPERIMENT_2]: 'exp',
};

/** What of a segment's options serves as evidence; null where the option is absent or has a wrong length. */
export interface TcpOptions {
  readonly mss: number | null;
  readonly windowScale: number | null;
  readonly sackPermitted: boolean;
  readonly timestamp: { readonly value: number; readonly echo: number } | null;
  /** Fast Open cookie, RFC 7413 (the experimental kind too); empty when one is asked for. */
  readonly fastOpenCookie: Uint8Array | null;
  /** Kinds in order of appearance, as far as the options can be read; 0 ends them. */
  readonly kinds: readonly number[];
  /** True when an option runs over the end, or its length is less than 2. */
  readonly overrun: boolean;
}

/**
 * Reads the option bytes of a TCP header (what lies between byte 20 and the data offset). Never throws; stops at
 * the first option that cannot be read.
 */
export function parseTcpOptions(bytes: Uint8Array): TcpOptions {
  let mss: number | null = null;
  let windowScale: number | null = null;
  let sackPermitted = false;
  let timestamp: TcpOptions['timestamp'] = null;
  let fastOpenCookie: Uint8Array | null = null;
  const kinds: number[] = [];
  let overrun = false;
  for (let offset = 0; offset < bytes.length; ) {
    const kind = bytes[offset]!;
    kinds.push(kind);
    if (kind === END_OF_OPTIONS) break;
    if (kind === NO_OPERATION) {
      offset++;
      continue;
    }
    const length = optionLength(bytes, offset, bytes.length);
    if (length === 0) {
      overrun = true;
      break;
    }
    if (kind === MAXIMUM_SEGMENT_SIZE && length === 4) mss = u16(bytes, offset + 2);
    else if (kind === WINDOW_SCALE && length === 3) windowScale = bytes[offset + 2]!;
    else if (kind === SACK_PERMITTED && length === 2) sackPermitted = true;
    else if (kind === TIMESTAMPS && length === 10)
      timestamp = { value: u32(bytes, offset + 2), echo: u32(bytes, offset + 6) };
    else if (kind === FAST_OPEN) fastOpenCookie = bytes.slice(offset + 2, offset + length);
    else if (isExperimentalFastOpen(bytes, offset, length)) fastOpenCookie = bytes.slice(offset + 4, offset + length);
    offset += length;
  }
  return { mss, windowScale, sackPermitted, timestamp, fastOpenCookie, kinds, overrun };
}

/** Whether they hold a time of the other end's (TSecr, RFC 7323 §3.2; 0 is none). Allocates nothing. */
export function echoesTime(bytes: Uint8Array, start: number, end: number): boolean {
  for (let offset = start; offset < end; ) {
    const kind = bytes[offset]!;
    if (kind === END_OF_OPTIONS) return false;
    if (kind === NO_OPERATION) {
      offset++;
      continue;
    }
    const length = optionLength(bytes, offset, end);
    if (length === 0) return false;
    if (kind === TIMESTAMPS && length === 10) return u32(bytes, offset + 6) !== 0;
    offset += length;
  }
  return false;
}

/**
 * Whether an option at start .. end (exclusive) runs over the end or has a length below 2, as far as that can be told from
 * the bytes before `captured`. Allocates nothing.
 */
export function tcpOptionsOverrun(bytes: Uint8Array, start: number, end: number, captured: number): boolean {
  for (let offset = start; offset < captured; ) {
    const kind = bytes[offset]!;
    if (kind === END_OF_OPTIONS) return false;
    if (kind === NO_OPERATION) {
      offset++;
      continue;
    }
    if (offset + 1 >= captured) return captured === end;
    const length = bytes[offset + 1]!;
    if (length < 2 || offset + length > end) return true;
    offset += length;
  }
  return false;
}

/** Whether the options ask for, or carry, a TCP Fast Open cookie (RFC 7413). */
export function hasFastOpen(bytes: Uint8Array): boolean {
  return parseTcpOptions(bytes).fastOpenCookie !== null;
}

function isExperimentalFastOpen(bytes: Uint8Array, offset: number, length: number): boolean {
  const kind = bytes[offset]!;
  return (
    (kind === EXPERIMENT_1 || kind === EXPERIMENT_2) && length >= 4 && u16(bytes, offset + 2) === EXPERIMENT_FAST_OPEN
  );
}

/** Whole length of the option with a length byte at offset; 0 when it is less than 2 or runs over `end`. */
function optionLength(bytes: Uint8Array, offset: number, end: number): number {
  if (offset + 1 >= end) return 0;
  const length = bytes[offset + 1]!;
  return length < 2 || offset + length > end ? 0 : length;
}

/**
 * Text of the option bytes of a TCP header in tcpdump's words, as in "mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7"; ""
 * when there are none. SACK edges are absolute numbers (tcpdump -S). An option that cannot be read ends the text with
 * tcpdump's "[bad opt]".
 */
export function formatTcpOptions(bytes: Uint8Array): string {
  const parts: string[] = [];
  for (let offset = 0; offset < bytes.length; ) {
    const kind = bytes[offset]!;
    if (kind === END_OF_OPTIONS || kind === NO_OPERATION) {
      parts.push(WORDS[kind]!);
      offset++;
      if (kind === END_OF_OPTIONS) break;
      continue;
    }
    const length = optionLength(bytes, offset, bytes.length);
    if (length === 0) {
      parts.push('[bad opt]');
      break;
    }
    const word = WORDS[kind] ?? `unknown-${kind}`;
    const text = formatOption(kind, bytes.subarray(offset + 2, offset + length));
    if (text === null) {
      parts.push(`${word}[bad opt]`);
      break;
    }
    parts.push(word + text);
    offset += length;
  }
  return parts.join(',');
}

/** What follows the word; null when the data is too short for the option. */
function formatOption(kind: number, data: Uint8Array): string | null {
  const length = data.length;
  /** tcpdump reads what it expects and then remarks on a length that says otherwise. */
  const remark = (expected: number) => (length === expected ? '' : `[len ${length + 2}]`);
  switch (kind) {
    case MAXIMUM_SEGMENT_SIZE:
      return length < 2 ? null : ` ${u16(data, 0)}${remark(2)}`;
    case WINDOW_SCALE:
      return length < 1 ? null : ` ${data[0]}${remark(1)}`;
    case SACK_PERMITTED:
      return remark(0);
    case SACK:
      return formatSack(data);
    case ECHO:
    case ECHO_REPLY:
    case CC:
    case CC_NEW:
    case CC_ECHO:
      return length < 4 ? null : ` ${u32(data, 0)}${remark(4)}`;
    case TIMESTAMPS:
      return length < 8 ? null : ` val ${u32(data, 0)} ecr ${u32(data, 4)}${remark(8)}`;
    case SIGNATURE:
      return length < 16 ? null : ` ${hex(data.subarray(0, 16))}${remark(16)}`;
    case SCPS:
      return length < 2 ? null : ` cap ${hex(data.subarray(0, 1))} id ${data[1]}${remark(2)}`;
    case USER_TIMEOUT:
      return length < 2 ? null : `${formatUserTimeout(u16(data, 0))}${remark(2)}`;
    case AUTHENTICATION: {
      if (length < 2) return ' (invalid)';
      const code = length > 2 ? ` mac 0x${hex(data.subarray(2))}` : '';
      return ` keyid ${data[0]} rnextkeyid ${data[1]}${code}`;
    }
    case MULTIPATH:
      return formatMultipath(data);
    case FAST_OPEN:
      return formatFastOpen(data);
    case EXPERIMENT_2:
      if (length < 2) return null;
      return u16(data, 0) === EXPERIMENT_FAST_OPEN
        ? `-tfo${formatFastOpen(data.subarray(2))}`
        : `-${hex(data.subarray(0, 2))}`;
    default:
      return length === 0 ? '' : ` 0x${hex(data)}`;
  }
}

function formatSack(data: Uint8Array): string {
  if (data.length % 8 !== 0) return ' invalid sack';
  let text = ` ${data.length / 8} `;
  for (let i = 0; i < data.length; i += 8) text += `{${u32(data, i)}:${u32(data, i + 4)}}`;
  return text;
}

/** RFC 5482 §3: the top bit says minutes. In seconds; tcpdump takes the lowest bit for it, which is wrong. */
function formatUserTimeout(value: number): string {
  const seconds = value & 0x8000 ? (value & 0x7fff) * 60 : value;
  return ` 0x${value.toString(16)} ${seconds}`;
}

function formatFastOpen(cookie: Uint8Array): string {
  if (cookie.length === 0) return ' cookiereq';
  // RFC 7413 §4.1.1: 4 to 16 bytes, an even number.
  if (cookie.length % 2 !== 0 || cookie.length < 4 || cookie.length > 16) return ' (invalid)';
  return ` cookie ${hex(cookie)}`;
}

const MULTIPATH_WORDS = ['capable', 'join', 'dss', 'add-addr', 'rem-addr', 'prio', 'fail', 'fast-close'];

/** RFC 8684 §3. What a SYN or SYN-ACK carries is spelled out; the others are given by the subtype's word. */
function formatMultipath(data: Uint8Array): string | null {
  const length = data.length;
  if (length < 1) return null;
  const subtype = data[0]! >> 4;
  const text = ` ${length + 2} ${MULTIPATH_WORDS[subtype] ?? 'unknown'}`;
  if (subtype === 0 && length >= 2) {
    const keys = length === 10 ? ` {0x${number(data.subarray(2))}}` : '';
    return `${text} v${data[0]! & 0x0f}${data[1]! & 0x80 ? ' csum' : ''}${keys}`;
  }
  if (subtype === 1 && (length === 10 || length === 14)) {
    const id = `${data[0]! & 1 ? ' backup' : ''} id ${data[1]}`;
    return length === 10
      ? `${text}${id} token 0x${number(data.subarray(2, 6))} nonce 0x${number(data.subarray(6))}`
      : `${text}${id} hmac 0x${number(data.subarray(2, 10))} nonce 0x${number(data.subarray(10))}`;
  }
  return text;
}

/** Hexadecimal without leading zeros. */
function number(data: Uint8Array): string {
  return hex(data).replace(/^0+(?=.)/, '');
}

function hex(data: Uint8Array): string {
  let text = '';
  for (const byte of data) text += byte.toString(16).padStart(2, '0');
  return text;
}
