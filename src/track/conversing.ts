/** Segments of a conversation, and its end. */

import { ACK, FIN, type PacketRecord } from '../decode/packet.ts';
import { sequenceDifference } from '../decode/transport/sequence.ts';
import { isNear, type Numbers } from './acceptance.ts';
import { KIND_SYN_ACK } from './answer-pool.ts';
import { SIMULTANEOUS, UNSOLICITED } from './codes.ts';
import { addFrame, conversationOf, countPayload, noteSegment, tellChanged } from './evidence.ts';
import { holdOpen } from './lifecycle.ts';
import { isAcceptableReset } from './questions.ts';
import * as t from './table.ts';
import type { Tracking } from './tracking.ts';

/** A segment of a conversation, from either end. */
export function takeConversing(s: Tracking, entry: number, packet: PacketRecord): void {
  const table = s.table;
  const fromClient = table.isFromClient(entry, s.key);
  addFrame(s, entry, packet);
  noteSegment(s, entry, packet);
  // Only port 0 is followed: of other ports triage lets no plain ACK through, so nothing could be said of most.
  if (s.isPortZero && (packet.flags & ACK) !== 0 && establishes(s, entry, packet, fromClient))
    table.add(entry, t.TRAIT_ESTABLISHED);
  const hadData = countPayload(s, entry, packet, fromClient);
  if (s.isPortZero && table.verdict(entry) === UNSOLICITED) hearUnknown(s, entry, fromClient);
  if ((packet.flags & FIN) !== 0) {
    table.add(entry, fromClient ? t.TRAIT_CLIENT_FIN : t.TRAIT_SERVER_FIN);
    if (table.has(entry, t.TRAIT_CLIENT_FIN) && table.has(entry, t.TRAIT_SERVER_FIN)) {
      closeConversation(s, entry, t.TRAIT_CLOSED_BY_FIN, packet);
      return;
    }
  }
  const list = table.listOf(entry);
  // The order is that of giving way when the table is full; on other ports most of a conversation is not heard anyway.
  if (list === t.LIST_LONE) {
    if (s.isPortZero) table.enlist(entry, t.LIST_CONVERSATION, 0);
    else holdOpen(s, entry);
  } else if (list === t.LIST_CONVERSATION && s.isPortZero) table.enlist(entry, list, 0);
  else if (list === t.LIST_LINGER) table.enlist(entry, t.LIST_LINGER, s.clock.now + s.timeoutNanos);
  if (hadData) tellChanged(s, entry);
}

/** Of a conversation whose handshake is not in the capture both ends have talked: it is one. */
function hearUnknown(s: Tracking, entry: number, fromClient: boolean): void {
  const conversation = conversationOf(s, entry);
  conversation.hear(fromClient, s.frame);
  if (conversation.isMutual) s.table.add(entry, t.TRAIT_ESTABLISHED);
}

/** Whether a RST from the server ends the conversation, rather than answering the SYN a second time. */
export function isResetOfConversation(s: Tracking, entry: number, segment: Numbers): boolean {
  const table = s.table;
  if (table.verdict(entry) === SIMULTANEOUS) return true;
  if (table.get(entry, t.ANSWER) === 0) return isNear(segment.sequence, conversationOf(s, entry).serverSequence);
  const serverIsn = s.answers.sequence(table.get(entry, t.ANSWER));
  // What a closed port sends to a SYN (RFC 9293 §3.10.7.1): SEQ 0, ACK of the SYN.
  if (segment.sequence === 0 && isAcceptableReset(s, entry, segment) && serverIsn !== 0xffffffff) return false;
  const ahead = (segment.sequence - serverIsn) >>> 0;
  return ahead >= 1 && ahead < 0x40000000;
}

/** 0 when there is none. */
export function acceptableSynAck(s: Tracking, entry: number): number {
  const answers = s.answers;
  let answer = s.table.get(entry, t.ANSWERS_FIRST);
  while (answer !== 0 && !(answers.kind(answer) === KIND_SYN_ACK && answers.isAcceptable(answer)))
    answer = answers.next(answer);
  return answer;
}

/** Whether an ACK completes the handshake. */
function establishes(s: Tracking, entry: number, { acknowledgment }: PacketRecord, fromClient: boolean): boolean {
  const table = s.table;
  if (fromClient) {
    // Also when the SYN-ACK came too late to settle the verdict.
    const synAck = acceptableSynAck(s, entry);
    return synAck !== 0 && sequenceDifference(acknowledgment, s.answers.sequence(synAck)) >= 1;
  }
  // A simultaneous open is one when the peer has acknowledged our SYN too; in a split handshake it may never do so.
  return (
    table.verdict(entry) === SIMULTANEOUS && sequenceDifference(acknowledgment, table.get(entry, t.ISN) >>> 0) >= 1
  );
}

/** The conversation is over; it stays a while for what comes late. The first way to close counts. */
export function closeConversation(
  s: Tracking,
  entry: number,
  how: number,
  last: Numbers,
  fromClient = s.table.isFromClient(entry, s.key),
): void {
  const table = s.table;
  if (s.isPortZero) conversationOf(s, entry).ends.note(fromClient, last);
  if (!table.has(entry, t.TRAIT_RESET | t.TRAIT_CLOSED_BY_FIN)) table.add(entry, how);
  table.enlist(entry, t.LIST_LINGER, s.clock.now + s.timeoutNanos);
  tellChanged(s, entry);
}
