/** ICMP errors that quote a segment. */

import { FRAGMENT_LATER, type PacketRecord, TRANSPORT_TCP } from '../decode/packet.ts';
import { KIND_ICMP } from './answer-pool.ts';
import { UNREACHABLE, UNSOLICITED } from './codes.ts';
import { findNewest, throughScopes } from './cross-scope.ts';
import { takeFurtherAnswer } from './disorder.ts';
import { addAnswer, NEW, noteAnswerPath } from './evidence.ts';
import { becomeUnsolicited, decideVerdict, insertExchange, tellOpened } from './lifecycle.ts';
import { isDropped, isWaiting } from './questions.ts';
import * as t from './table.ts';
import type { Tracking } from './tracking.ts';
import { icmpIsAnswer } from './verdict.ts';

export function takeIcmpError(s: Tracking, packet: PacketRecord): void {
  const { quote } = packet;
  if (quote === null || quote.transport !== TRANSPORT_TCP || quote.fragment === FRAGMENT_LATER) return;
  if (quote.sourcePort < 0 || quote.destinationPort < 0 || quote.ipVersion === 0) return;
  s.isPortZero = quote.sourcePort === 0 || quote.destinationPort === 0;
  s.key.read(quote, quote.scope);
  const table = s.table;
  const newest = throughScopes(s, quote, findNewest(s), true);
  s.attempts.begin(newest, s.key.hash, quote.sequence, quote.acknowledgment);
  const isAnswer = icmpIsAnswer(packet.ipVersion, packet.icmpType, packet.icmpCode);
  let candidate = 0;
  for (let entry = newest; entry !== 0; entry = s.attempts.after(entry)) {
    if (candidate === 0) candidate = entry;
    if (!table.isFromClient(entry, s.key) || table.verdict(entry) === UNSOLICITED) continue;
    // A stack believes an error only if the quote holds the sequence number of its SYN (RFC 5927 §4.1).
    if (quote.sequence >= 0 && quote.sequence === table.get(entry, t.ISN) >>> 0) {
      const counts = isAnswer && !isDropped(s, packet);
      const added = addAnswer(s, entry, packet, KIND_ICMP, counts);
      if (!counts) return;
      if (isWaiting(s, entry)) noteAnswerPath(s, entry, quote);
      if (isWaiting(s, entry)) decideVerdict(s, entry, UNREACHABLE, table.get(entry, t.ANSWERS_LAST));
      else if (added === NEW) takeFurtherAnswer(s, entry, UNREACHABLE);
      return;
    }
    if (!table.isFromClient(candidate, s.key)) candidate = entry;
  }
  if (candidate !== 0) {
    // Of a conversation whose question is not there (yet), it may be the answer to that.
    const isOfUnknown = table.verdict(candidate) === UNSOLICITED && table.isFromClient(candidate, s.key);
    const counts = isOfUnknown && isAnswer && !isDropped(s, packet);
    const added = addAnswer(s, candidate, packet, KIND_ICMP, counts);
    if (added === NEW && !table.isFromClient(candidate, s.key))
      s.answers.setQuotesServer(table.get(candidate, t.ANSWERS_LAST));
    return;
  }
  // Nobody asked, as far as the capture goes; but the quote shows that port 0 was on some wire.
  if (!s.isPortZero || !isAnswer) return;
  const entry = insertExchange(s, packet, 0, true);
  becomeUnsolicited(s, entry, packet, KIND_ICMP);
  tellOpened(s, entry);
}
