/*
 * Exchanges that open as rows of the tracker's table, as openExchange() and takeUnsolicited() in track/lifecycle.ts open them. After hasRoom(), and
 * for answers poolHasRoom().
 */
import {
  ANSWER_RESET,
  ANSWER_SYN_ACK,
  HAS_EVICTED,
  HAS_TABLE,
  LIST_LINGER,
  LIST_LONE,
  LIST_OPEN,
  LONE_NANOS,
  NEXT_ID,
  NO_PROBE,
  ONLY_SCOPE,
  PROBE_SYN,
  TABLE_OPTIONS,
  TIMEOUT,
  TRACKED,
  TRAIT_DIGITS_SHIFT,
  TRAIT_DONT_FRAGMENT,
  TRAIT_HAS_OPTIONS,
  TRAIT_HAS_PROBE_HEADER,
  TRAIT_IPV6,
  TRAIT_PROBE_SHIFT,
  UNKNOWN_WAY,
  VERDICT_UNDECIDED,
  VERDICT_UNSOLICITED,
  WAYS,
} from '../layout';
import { createAnswer, poolHasRoom } from './answers';
import {
  acknowledgment,
  digits,
  dontFragment,
  flagsOf,
  frame,
  headerLength,
  identification,
  isIpv6,
  nanos,
  reservedBits,
  seconds,
  sequence,
  timeToLive,
  transport,
  way,
  windowAndUrgent,
} from './at-hand';
import { ExchangeOptions } from './exchange-options';
import { append, hasRoom, insert, noteStart, restForMore, rowOf, setAnswer } from './rows';

const SYN: u32 = 2;

/** Whether rows can be opened in that scope; and whether it is known what the layers of a frame that came in so are. */
export function isOpenTo(inScope: u32): bool {
  if (load<u32>(HAS_TABLE) === 0 || load<u32>(ONLY_SCOPE) !== inScope) return false;
  if (layersOf() !== 0) return true;
  store<u32>(UNKNOWN_WAY, way);
  return false;
}

function layersOf(): u32 {
  return load<u32>(WAYS + (way << 2));
}

/** What a SYN and an answer to none have in common. `keeps`: whether evidence is kept. */
function openRow(scopedHash: u32, sourceIsClient: bool, keeps: bool): u32 {
  const entry = insert(scopedHash, sourceIsClient);
  const row = rowOf(entry);
  row.layers = layersOf();
  const id = load<f64>(NEXT_ID);
  store<f64>(NEXT_ID, id + 1);
  row.id = <u32>(<u64>id);
  store<u32>(TRACKED, load<u32>(TRACKED) + 1);
  if (keeps) row.framesFirst = frame;
  row.startedSeconds = <f64>seconds;
  row.startedNanos = nanos;
  row.traits |= (digits << TRAIT_DIGITS_SHIFT) | (isIpv6 ? TRAIT_IPV6 : 0);
  return entry;
}

/** A SYN without data. */
export function openQuestion(scopedHash: u32, now: f64): u32 {
  const entry = openRow(scopedHash, true, true);
  const row = rowOf(entry);
  row.traits |=
    VERDICT_UNDECIDED |
    (PROBE_SYN << TRAIT_PROBE_SHIFT) |
    (dontFragment() ? TRAIT_DONT_FRAGMENT : 0) |
    TRAIT_HAS_PROBE_HEADER;
  row.isn = sequence();
  row.probeHeader = (flagsOf() << 16) | (reservedBits() << 8) | timeToLive();
  row.probeIpId = identification();
  row.probeWindow = windowAndUrgent();
  if (headerLength > 20) {
    row.traits |= TRAIT_HAS_OPTIONS;
    ExchangeOptions.set(<usize>load<u32>(TABLE_OPTIONS), entry, transport + 20, headerLength - 20);
  }
  row.probeFrame = frame;
  noteStart(entry, row);
  if (acknowledgment() !== 0) restForMore(entry).probeAcknowledgment = acknowledgment();
  append(entry, row, LIST_OPEN, now + load<f64>(TIMEOUT));
  return entry;
}

/** Whether an answer to no question can be entered. Whether its question had to leave the table is the tracker's to know. */
export function takesAnswers(): bool {
  return load<u32>(HAS_EVICTED) === 0 && poolHasRoom() && hasRoom();
}

/** A SYN-ACK or RST that nothing in the capture has asked for. */
export function openAnswer(scopedHash: u32, now: f64, keeps: bool): u32 {
  const entry = openRow(scopedHash, false, keeps);
  const row = rowOf(entry);
  const accepts = (flagsOf() & SYN) !== 0;
  const answer = createAnswer(accepts ? ANSWER_SYN_ACK : ANSWER_RESET, keeps);
  row.traits |= VERDICT_UNSOLICITED | (NO_PROBE << TRAIT_PROBE_SHIFT);
  setAnswer(entry, row, answer);
  if (accepts) append(entry, row, LIST_LONE, now + LONE_NANOS);
  else append(entry, row, LIST_LINGER, now + load<f64>(TIMEOUT));
  return entry;
}
