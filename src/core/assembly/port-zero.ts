/*
 * Segments from or to port 0: of all of them the evidence is kept. What floods, scans and their backscatter are made of is entered in the
 * tracker's table here, as the tracker would; what else comes is the tracker's.
 */
import {
  ANSWER_RESET,
  ANSWER_SYN_ACK,
  HAS_EVICTED,
  HAS_TABLE,
  LIST_LINGER,
  LIST_LONE,
  LIST_OPEN,
  LOG_OPENED,
  LONE_NANOS,
  NEXT_ID,
  NO_PROBE,
  ONLY_SCOPE,
  PROBE_SYN,
  TIMEOUT,
  TRACKED,
  TRAIT_DIGITS_SHIFT,
  TRAIT_DONT_FRAGMENT,
  TRAIT_HAS_PROBE_HEADER,
  TRAIT_IPV6,
  TRAIT_PROBE_SHIFT,
  TRAIT_VERDICT,
  UNKNOWN_WAY,
  VERDICT_REFUSED,
  VERDICT_UNDECIDED,
  VERDICT_UNSOLICITED,
  WAKE,
  WAYS,
  WOKEN,
} from '../layout';
import { createAnswer, poolHasRoom } from './answers';
import { advanceClock } from './clock';
import { Exchange } from './exchange';
import { hash, readKey, scopedHash } from './key';
import { expire } from './ordinary';
import { append, expireRows, findRow, hasRoom, insert, isFresh, isFromServer, log, rowOf, unlink } from './rows';

const FIN: u32 = 1;
const SYN: u32 = 2;
const RST: u32 = 4;
const ACK: u32 = 16;
const PROTOCOL: u32 = 6;

/**
 * Takes the segment at `transport`, with all of its header and no payload, in a whole packet at `at`. `way` is how it came in. False when it is
 * the tracker's; with WOKEN set, the tracker has to be told the time first.
 */
export function takeZero(
  at: usize,
  transport: usize,
  headerLength: u32,
  ipv6: bool,
  inScope: u32,
  way: u32,
  seconds: u32,
  nanos: u32,
  digits: u32,
  frame: u32,
): bool {
  if (load<u32>(HAS_TABLE) === 0 || load<u32>(ONLY_SCOPE) !== inScope) return false;
  const kind = <u32>load<u8>(transport, 13) & (FIN | SYN | RST | ACK);
  if (kind !== SYN && kind !== (SYN | ACK) && kind !== RST && kind !== (RST | ACK)) return false;
  const layers = load<u32>(WAYS + ((<usize>way) << 2));
  if (layers === 0) {
    store<u32>(UNKNOWN_WAY, way);
    return false;
  }
  if (overrun(transport + 20, transport + headerLength) || !isSound(at, transport, headerLength, ipv6)) return false;
  const now = advanceClock(seconds, nanos);
  if (now >= load<f64>(WAKE) || !expireRows(now)) {
    store<u32>(WOKEN, 1);
    return false;
  }
  expire(now);
  readKey(at, transport, ipv6, inScope);
  const scoped = scopedHash();
  const known = findRow(scoped);
  if (known !== 0) {
    if (kind !== (RST | ACK)) return false;
    return refuse(known, at, transport, headerLength, ipv6, seconds, nanos, digits, frame, now);
  }
  const isAnswer = kind !== SYN;
  // Whether its question had to leave the table is the tracker's to know.
  if (isAnswer && (load<u32>(HAS_EVICTED) !== 0 || !poolHasRoom())) return false;
  if (!hasRoom()) return false;

  const entry = insert(scoped, !isAnswer);
  const row = rowOf(entry);
  row.ends = hash;
  row.path = inScope;
  row.layers = layers;
  const id = load<f64>(NEXT_ID);
  store<f64>(NEXT_ID, id + 1);
  row.id = <u32>(<u64>id);
  store<u32>(TRACKED, load<u32>(TRACKED) + 1);
  row.framesFirst = frame;
  row.startedSeconds = <f64>seconds;
  row.startedNanos = nanos;
  row.traits = (digits << TRAIT_DIGITS_SHIFT) | (ipv6 ? TRAIT_IPV6 : 0);
  if (isAnswer) {
    const answerKind: u32 = (kind & SYN) !== 0 ? ANSWER_SYN_ACK : ANSWER_RESET;
    const answer = createAnswer(at, transport, headerLength, ipv6, answerKind, seconds, nanos, digits, frame, true);
    row.traits |= VERDICT_UNSOLICITED | (NO_PROBE << TRAIT_PROBE_SHIFT);
    row.answersFirst = row.answersLast = row.answer = answer;
    if ((kind & SYN) !== 0) append(entry, row, LIST_LONE, now + LONE_NANOS);
    else append(entry, row, LIST_LINGER, now + load<f64>(TIMEOUT));
  } else {
    setProbe(row, at, transport, headerLength, ipv6);
    row.probeFrame = frame;
    row.lastSeconds = <f64>seconds;
    row.lastNanos = nanos;
    append(entry, row, LIST_OPEN, now + load<f64>(TIMEOUT));
  }
  log(entry, LOG_OPENED);
  return true;
}

function setProbe(row: Exchange, at: usize, transport: usize, headerLength: u32, ipv6: bool): void {
  const high = <u32>load<u8>(transport, 12);
  const flags = ((high & 1) << 8) | <u32>load<u8>(transport, 13);
  const dontFragment = !ipv6 && (load<u8>(at, 6) & 0x40) !== 0;
  row.traits |=
    VERDICT_UNDECIDED |
    (PROBE_SYN << TRAIT_PROBE_SHIFT) |
    (dontFragment ? TRAIT_DONT_FRAGMENT : 0) |
    TRAIT_HAS_PROBE_HEADER;
  row.isn = bswap<u32>(load<u32>(transport, 4));
  row.probeAcknowledgment = bswap<u32>(load<u32>(transport, 8));
  row.probeHeader = (flags << 16) | (((high >> 1) & 7) << 8) | <u32>load<u8>(at + (ipv6 ? 7 : 8));
  row.probeIpId = ipv6 ? -1 : <i32>bswap<u16>(load<u16>(at, 4));
  row.probeWindow = ((<u32>bswap<u16>(load<u16>(transport, 14))) << 16) | <u32>bswap<u16>(load<u16>(transport, 18));
  Exchange.setOptions(row, transport + 20, headerLength - 20);
}

/** A RST that acknowledges the SYN of a row that has had no other answer: RFC 9293 §3.10.7.3. */
function refuse(
  entry: u32,
  at: usize,
  transport: usize,
  headerLength: u32,
  ipv6: bool,
  seconds: u32,
  nanos: u32,
  digits: u32,
  frame: u32,
  now: f64,
): bool {
  const row = rowOf(entry);
  if (!isFresh(row) || !isFromServer(row) || bswap<u32>(load<u32>(transport, 8)) !== row.isn + 1) return false;
  if (!poolHasRoom()) return false;
  const answer = createAnswer(at, transport, headerLength, ipv6, ANSWER_RESET, seconds, nanos, digits, frame, true);
  row.answersFirst = row.answersLast = row.answer = answer;
  row.frameSecond = frame;
  row.traits = (row.traits & ~TRAIT_VERDICT) | VERDICT_REFUSED;
  unlink(row);
  append(entry, row, LIST_LINGER, now + load<f64>(TIMEOUT));
  return true;
}

/** As tcpOptionsOverrun() in decode/transport/tcp-options.ts, of options that are all there. */
function overrun(start: usize, end: usize): bool {
  for (let at = start; at < end; ) {
    const kind = load<u8>(at);
    if (kind === 0) return false;
    if (kind === 1) {
      at++;
      continue;
    }
    if (at + 1 >= end) return true;
    const length = <usize>load<u8>(at, 1);
    if (length < 2 || at + length > end) return true;
    at += length;
  }
  return false;
}

/** Whether the checksum is right (RFC 9293 §3.1, RFC 8200 §8.1). The sum is the same in either byte order (RFC 1071 §2). */
function isSound(at: usize, transport: usize, headerLength: u32, ipv6: bool): bool {
  let sum: u64 = <u64>bswap<u16>(<u16>headerLength) + (PROTOCOL << 8);
  const end: usize = at + (ipv6 ? 40 : 20);
  for (let i = at + (ipv6 ? 8 : 12); i < end; i += 4) sum += <u64>load<u32>(i);
  for (let i = transport; i < transport + headerLength; i += 4) sum += <u64>load<u32>(i);
  sum = (sum >> 32) + (sum & 0xffffffff);
  sum = (sum >> 32) + (sum & 0xffffffff);
  sum = (sum >> 16) + (sum & 0xffff);
  sum = (sum >> 16) + (sum & 0xffff);
  sum = (sum >> 16) + (sum & 0xffff);
  return sum === 0xffff;
}
