/*
 * Segments from or to port 0: of all of them the evidence is kept. What floods, scans and their backscatter are made of is entered in the
 * tracker's table here, as the tracker would; what else comes is the tracker's.
 */
import {
  ANSWER_RESET,
  LIST_LINGER,
  LOG_CHANGED,
  LOG_OPENED,
  LOG_USED,
  TELLS,
  TIMEOUT,
  TRAIT_VERDICT,
  VERDICT_REFUSED,
  WAKE,
  WOKEN,
} from '../layout';
import { createAnswer, poolHasRoom } from './answers';
import { acknowledgment, at, flagsOf, frame, headerLength, isIpv6, nanos, seconds, transport } from './at-hand';
import { advanceClock } from './clock';
import { readKey, scopedHash } from './key';
import { isOpenTo, openAnswer, openQuestion, takesAnswers } from './opening';
import { expire } from './ordinary';
import { append, expireRows, findRow, hasRoom, isFresh, isFromServer, log, rowOf, setAnswer, unlink } from './rows';

const FIN: u32 = 1;
const SYN: u32 = 2;
const RST: u32 = 4;
const ACK: u32 = 16;
const PROTOCOL: u32 = 6;

/**
 * Takes the segment at hand, which has all of its header and no payload, in a whole packet. False when it is the tracker's; with WOKEN
 * set, the tracker has to be told the time first.
 */
export function takeZero(inScope: u32): bool {
  const kind = flagsOf() & (FIN | SYN | RST | ACK);
  if (kind !== SYN && kind !== (SYN | ACK) && kind !== RST && kind !== (RST | ACK)) return false;
  if (!isOpenTo(inScope) || overruns() || !isSound()) return false;
  const now = advanceClock(seconds, nanos);
  if (now < 0) return false;
  if (now >= load<f64>(WAKE) || !expireRows(now)) {
    store<u32>(WOKEN, 1);
    return false;
  }
  expire(now);
  readKey(at, transport, isIpv6, inScope);
  const scoped = scopedHash();
  const known = findRow(scoped);
  if (known !== 0) return kind === (RST | ACK) && refuse(known, now);
  let entry: u32 = 0;
  if (kind !== SYN) {
    if (!takesAnswers()) return false;
    entry = openAnswer(scoped, now, true);
  } else {
    if (!hasRoom()) return false;
    entry = openQuestion(scoped, now);
  }
  // Nothing is to be told of the others before they settle.
  if (kind === SYN || load<u32>(TELLS) !== 0) log(entry, LOG_OPENED);
  return true;
}

/** A RST that acknowledges the SYN of a row that has had no other answer: RFC 9293 §3.10.7.3. */
function refuse(entry: u32, now: f64): bool {
  const row = rowOf(entry);
  const tells = load<u32>(TELLS) !== 0;
  // What it was before is told before.
  if (tells && load<u32>(LOG_USED) !== 0) {
    store<u32>(WOKEN, 1);
    return false;
  }
  if (!isFresh(entry, row) || !isFromServer(entry, row) || acknowledgment() !== row.isn + 1 || !poolHasRoom())
    return false;
  setAnswer(entry, row, createAnswer(ANSWER_RESET, true));
  row.frameSecond = frame;
  row.traits = (row.traits & ~TRAIT_VERDICT) | VERDICT_REFUSED;
  unlink(row);
  append(entry, row, LIST_LINGER, now + load<f64>(TIMEOUT));
  if (tells) log(entry, LOG_CHANGED);
  return true;
}

/** As tcpOptionsOverrun() in decode/transport/tcp-options.ts, of options that are all there. */
function overruns(): bool {
  const end = transport + headerLength;
  for (let option = transport + 20; option < end; ) {
    const kind = load<u8>(option);
    if (kind === 0) return false;
    if (kind === 1) {
      option++;
      continue;
    }
    if (option + 1 >= end) return true;
    const length = <usize>load<u8>(option, 1);
    if (length < 2 || option + length > end) return true;
    option += length;
  }
  return false;
}

/**
 * Whether the checksums of segment and IPv4 header are right (RFC 9293 §3.1, RFC 8200 §8.1, RFC 791 §3.1). A sum is the same in
 * either byte order (RFC 1071 §2).
 */
function isSound(): bool {
  let sum: u64 = <u64>bswap<u16>(<u16>headerLength) + (PROTOCOL << 8);
  const end: usize = at + (isIpv6 ? 40 : 20);
  for (let i = at + (isIpv6 ? 8 : 12); i < end; i += 4) sum += <u64>load<u32>(i);
  for (let i = transport; i < transport + headerLength; i += 4) sum += <u64>load<u32>(i);
  return fold(sum) === 0xffff && (isIpv6 || isHeaderSound());
}

function isHeaderSound(): bool {
  let sum: u64 = 0;
  for (let i = at; i < transport; i += 4) sum += <u64>load<u32>(i);
  return fold(sum) === 0xffff;
}

function fold(words: u64): u64 {
  let sum = (words >> 32) + (words & 0xffffffff);
  sum = (sum >> 32) + (sum & 0xffffffff);
  sum = (sum >> 16) + (sum & 0xffff);
  sum = (sum >> 16) + (sum & 0xffff);
  return (sum >> 16) + (sum & 0xffff);
}
