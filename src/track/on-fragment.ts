/** Segments that come in fragments, or that the capture cut: more is known of them later. */

import type { Assembly, PacketRecord } from '../decode/packet.ts';
import { KIND_ICMP } from './answer-pool.ts';
import { takeQuestion } from './disorder.ts';
import { addFrame, conversationOf, countPayload, keepsEvidence, tellChanged } from './evidence.ts';
import { reconsider } from './handshake.ts';
import { openExchange } from './lifecycle.ts';
import {
  bringsNews,
  HIDES_FLAGS,
  hidesSequence,
  isConversing,
  isOrphanOf,
  isRetransmission,
  isWaiting,
} from './questions.ts';
import { refreshProbe, takeRetransmission } from './retransmission.ts';
import * as t from './table.ts';
import type { Tracking } from './tracking.ts';

/**
 * A segment that was handed out before, now with more of its fragments. Returns false when it is to be taken like any
 * other: its kind was not known before, and it turns out to be nobody's question.
 */
export function takeRepeat(s: Tracking, packet: PacketRecord, assembly: Assembly, newest: number): boolean {
  const table = s.table;
  let entry = newest;
  while (entry !== 0 && table.get(entry, t.ID) >>> 0 !== assembly.owner) entry = s.attempts.after(entry);
  // Settled since. If its flags are news, it gets an exchange of its own.
  if (entry === 0) return assembly.hadFlags;
  const fromClient = table.isFromClient(entry, s.key);
  const isProbe = fromClient && (isRetransmission(s, entry, packet) || hidesSequence(s, entry));
  if (!isProbe && !assembly.hadFlags && packet.flags >= 0) return false;
  addFrame(s, entry, packet);
  if (isProbe) refreshProbe(s, entry, packet);
  else {
    refreshAnswer(s, entry, packet);
    if (packet.flags >= 0) reconsider(s, entry);
  }
  // Whose segment it is may be seen otherwise now.
  if (packet.flags >= 0) countPayload(s, entry, packet, table.isFromClient(entry, s.key));
  tellChanged(s, entry);
  return true;
}

/**
 * A segment with port 0 whose flags are hidden. It is a question where nothing else is known of its ends; where it may
 * be an answer, or part of a conversation, it is kept there, and nothing is claimed.
 */
export function takeHidden(s: Tracking, packet: PacketRecord, newest: number): void {
  const table = s.table;
  // Where the capture cut the flags, any segment of these ends may be of one conversation: it is one exchange.
  const isCut = (packet.anomalies & HIDES_FLAGS) === 0;
  for (let entry = newest; entry !== 0; entry = s.attempts.after(entry)) {
    const fromClient = table.isFromClient(entry, s.key);
    if (fromClient && isRetransmission(s, entry, packet)) {
      takeRetransmission(s, entry, packet);
      return;
    }
    if (fromClient && isOrphanOf(s, entry, packet)) {
      takeQuestion(s, entry, packet);
      return;
    }
    if (fromClient && !isCut && !isConversing(s, entry)) continue;
    if (!fromClient && isWaiting(s, entry)) {
      table.add(entry, t.TRAIT_HIDDEN_ANSWER);
      conversationOf(s, entry).hiddenFrame ||= s.frame;
    }
    addFrame(s, entry, packet);
    return;
  }
  const opened = openExchange(s, packet, newest);
  // What came back may be cut as well, so nothing is said of silence.
  if (isCut) table.add(opened, t.TRAIT_HIDDEN_ANSWER);
}

/** The same of an answer, if that is what the segment is. */
function refreshAnswer(s: Tracking, entry: number, packet: PacketRecord): void {
  const answers = s.answers;
  if (!bringsNews(packet)) return;
  for (let answer = s.table.get(entry, t.ANSWERS_FIRST); answer !== 0; answer = answers.next(answer)) {
    const isIt =
      answers.kind(answer) !== KIND_ICMP &&
      answers.sequence(answer) === packet.sequence &&
      answers.flags(answer) === packet.flags &&
      answers.isFrom(answer, packet);
    if (isIt) answers.setHeader(answer, packet, keepsEvidence(s));
  }
}
