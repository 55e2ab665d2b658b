/*
 * Exchanges of which only numbers are told any more, by shape: as AlikeExchanges (analysis/alike.ts), which says of which shapes that is so.
 */
import {
  ALIKE,
  ALIKE_ANY_CLIENT,
  ALIKE_ANY_SERVER,
  ALIKE_CLIENT,
  ALIKE_COUNT,
  ALIKE_COUNTS,
  ALIKE_FIRST_DIGITS,
  ALIKE_FIRST_NANOS,
  ALIKE_FIRST_SECONDS,
  ALIKE_LAST_DIGITS,
  ALIKE_LAST_NANOS,
  ALIKE_LAST_SECONDS,
  ALIKE_SERVER,
  ALIKE_SHIFT,
  ALIKE_STATE,
  ANSWER_KIND_SHIFT,
  ANSWER_RESET,
  ANSWER_ROWS,
  LIST_OPEN,
  NO_PROBE,
  PROBE_SYN,
  TABLE_ROWS,
  TRAIT_CHALLENGED,
  TRAIT_CHECKSUM_BAD,
  TRAIT_CLIENT_FIN,
  TRAIT_CLIENT_RESET,
  TRAIT_CLOSED_BY_FIN,
  TRAIT_CONFLICTING,
  TRAIT_DIGITS_SHIFT,
  TRAIT_ESTABLISHED,
  TRAIT_HAS_REST,
  TRAIT_HIDDEN_ANSWER,
  TRAIT_INVALID_RESET,
  TRAIT_IPV6,
  TRAIT_PARTIAL,
  TRAIT_PROBE_SHIFT,
  TRAIT_QUIET,
  TRAIT_RESET,
  TRAIT_SERVER_FIN,
  TRAIT_UNSEEN_ANSWER,
  TRAIT_VERDICT,
  VERDICT_UNDECIDED,
  WITHOUT_TIME,
} from '../layout';
import { Answer } from './answer';
import { Exchange } from './exchange';
import { restOf } from './rows';

/** As in track/exchange-view.ts. */
const ODD: u32 =
  TRAIT_ESTABLISHED |
  TRAIT_CLIENT_FIN |
  TRAIT_SERVER_FIN |
  TRAIT_RESET |
  TRAIT_CLOSED_BY_FIN |
  TRAIT_CONFLICTING |
  TRAIT_UNSEEN_ANSWER |
  TRAIT_CLIENT_RESET |
  TRAIT_CHALLENGED |
  TRAIT_INVALID_RESET |
  TRAIT_CHECKSUM_BAD |
  TRAIT_PARTIAL |
  TRAIT_QUIET |
  TRAIT_HIDDEN_ANSWER;

/** The capture is over: counts the row, and those behind it in its list, up to the first that is to be told of. 0 where there is none. */
export function countAlike(entry: u32): u32 {
  while (entry !== 0) {
    const row = Exchange.at(<usize>load<u32>(TABLE_ROWS), entry);
    if (!count(entry, row)) return entry;
    entry = row.listNext;
  }
  return 0;
}

function count(entry: u32, row: Exchange): bool {
  const shape = shapeOf(entry, row);
  if (shape < 0) return false;
  const at: usize = ALIKE + ((<usize>shape) << (<usize>ALIKE_SHIFT));
  const state = load<u32>(at, ALIKE_STATE);
  if ((state & ALIKE_COUNTS) === 0) return false;
  const isIpv6 = (row.traits & TRAIT_IPV6) !== 0;
  if ((state & ALIKE_ANY_CLIENT) === 0 && (isIpv6 || row.client !== load<u32>(at, ALIKE_CLIENT))) return false;
  if ((state & ALIKE_ANY_SERVER) === 0 && (isIpv6 || row.server !== load<u32>(at, ALIKE_SERVER))) return false;
  store<f64>(at, load<f64>(at, ALIKE_COUNT) + 1, ALIKE_COUNT);
  const digits = (row.traits >> TRAIT_DIGITS_SHIFT) & 0xf;
  if (digits !== <u32>WITHOUT_TIME) noteTime(at, row.startedSeconds, row.startedNanos, digits);
  return true;
}

function noteTime(at: usize, seconds: f64, nanos: u32, digits: u32): void {
  const first = load<f64>(at, ALIKE_FIRST_SECONDS);
  if (
    load<u32>(at, ALIKE_FIRST_DIGITS) === <u32>WITHOUT_TIME ||
    seconds < first ||
    (seconds === first && nanos < load<u32>(at, ALIKE_FIRST_NANOS))
  ) {
    store<f64>(at, seconds, ALIKE_FIRST_SECONDS);
    store<u32>(at, nanos, ALIKE_FIRST_NANOS);
    store<u32>(at, digits, ALIKE_FIRST_DIGITS);
  }
  const last = load<f64>(at, ALIKE_LAST_SECONDS);
  if (
    load<u32>(at, ALIKE_LAST_DIGITS) === <u32>WITHOUT_TIME ||
    seconds > last ||
    (seconds === last && nanos > load<u32>(at, ALIKE_LAST_NANOS))
  ) {
    store<f64>(at, seconds, ALIKE_LAST_SECONDS);
    store<u32>(at, nanos, ALIKE_LAST_NANOS);
    store<u32>(at, digits, ALIKE_LAST_DIGITS);
  }
}

/** As Exchange.shape, of an exchange whose time is over. */
function shapeOf(entry: u32, row: Exchange): i32 {
  const traits = row.traits;
  const first = row.answersFirst;
  if ((traits & ODD) !== 0) return -1;
  if ((traits & TRAIT_HAS_REST) !== 0) {
    const rest = restOf(entry);
    if ((rest.conversation | rest.anomalies) !== 0) return -1;
    if (first !== rest.answersLast || first !== rest.answer) return -1;
  }
  const probe = (traits >> TRAIT_PROBE_SHIFT) & 0xf;
  if (probe !== PROBE_SYN && probe !== NO_PROBE) return -1;
  let kind: u32 = 0;
  if (first !== 0) {
    kind = ((Answer.at(<usize>load<u32>(ANSWER_ROWS), first).traits >> ANSWER_KIND_SHIFT) & 7) + 1;
    if (kind > <u32>(ANSWER_RESET + 1)) return -1;
  }
  const zeros: u32 = (row.ports >> 16 === 0 ? 1 : 0) | ((row.ports & 0xffff) === 0 ? 2 : 0);
  const verdict: u32 = row.list === LIST_OPEN ? VERDICT_UNDECIDED : traits & TRAIT_VERDICT;
  return <i32>(verdict | (zeros << 4) | (kind << 6) | (probe === NO_PROBE ? 512 : 0));
}
