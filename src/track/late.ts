/** Conversations that were under way when the capture began, and what comes late of those that are over. */

import { NO_PROBE } from '../core/layout.ts';
import { ACK, FIN, type PacketRecord } from '../decode/packet.ts';
import { sequenceDifference } from '../decode/transport/sequence.ts';
import { isServerSource } from './acceptance.ts';
import { KIND_SYN_ACK } from './answer-pool.ts';
import { CLOSED_NANOS } from './closed.ts';
import { PROBE_ACK, PROBE_MAIMON, PROBE_OTHER, UNSOLICITED } from './codes.ts';
import { noteForCrossing } from './cross-scope.ts';
import { addFrame, conversationOf, countPayload, noteSegment, tellChanged, traceSegment } from './evidence.ts';
import { openedOwn } from './kinship.ts';
import { insertExchange, tellOpened } from './lifecycle.ts';
import { isAmbiguous, mayContinue, probeFlags, siblingOf } from './questions.ts';
import * as t from './table.ts';
import type { Tracking } from './tracking.ts';

/** Segments without SYN whose sequence numbers are this close are of one conversation whose start was not captured. */
const SAME_CONVERSATION = 1 << 25;
/** Whether a SYN-ACK of the client's is of its conversation, whose start is not in the capture: then what was taken for a probe is too. */
export function joinsLate(s: Tracking, entry: number, packet: PacketRecord): boolean {
  const table = s.table;
  if (mayContinue(s, entry) && openedOwn(siblingOf(s, entry), packet)) becomeLate(s, entry);
  return table.verdict(entry) === UNSOLICITED && table.listOf(entry) === t.LIST_CONVERSATION;
}

/** A segment of a conversation that was under way when the capture began. */
export function startLate(s: Tracking, packet: PacketRecord, newest: number): void {
  const table = s.table;
  const entry = insertExchange(s, packet, newest, !isServerSource(packet.sourcePort, packet.destinationPort));
  table.setStarted(entry, s.seconds, s.nanos);
  table.set(entry, t.LAYERS, s.layers.intern(packet.layers, packet.layerCount));
  table.set(entry, t.PATH, packet.path);
  table.setDigits(entry, s.digits);
  table.setVerdict(entry, UNSOLICITED);
  table.enlist(entry, t.LIST_CONVERSATION, 0);
  const fromClient = table.isFromClient(entry, s.key);
  const conversation = conversationOf(s, entry);
  conversation.hear(fromClient, s.frame);
  conversation.lateClient = fromClient ? packet.sequence : packet.acknowledgment;
  conversation.lateServer = fromClient ? packet.acknowledgment : packet.sequence;
  countPayload(s, entry, packet, fromClient);
  if ((packet.flags & FIN) !== 0) table.add(entry, fromClient ? t.TRAIT_CLIENT_FIN : t.TRAIT_SERVER_FIN);
  noteSegment(s, entry, packet);
  traceSegment(s, entry, packet);
  noteForCrossing(s, entry);
  tellOpened(s, entry);
}

/** What was taken for a probe is such a segment: another one of the conversation has come. */
export function becomeLate(s: Tracking, entry: number): void {
  const table = s.table;
  // From now on it is no question that is found by its numbers.
  s.attempts.forget(entry);
  const isSwapped = isServerSource(table.clientPort(entry), table.serverPort(entry));
  const conversation = conversationOf(s, entry);
  conversation.hear(true, s.numbers.widen(table.get(entry, t.PROBE_FRAME)));
  const { sequence, acknowledgment } = siblingOf(s, entry);
  conversation.lateClient = sequence;
  conversation.lateServer = acknowledgment;
  if ((probeFlags(s, entry) & FIN) !== 0) table.add(entry, t.TRAIT_CLIENT_FIN);
  if (isSwapped) swapLate(s, entry);
  table.set(entry, t.PROBE_FRAME, 0);
  table.set(entry, t.RETRANSMISSIONS, 0);
  table.set(entry, t.ANSWER, 0);
  table.setProbe(entry, NO_PROBE);
  table.setVerdict(entry, UNSOLICITED);
  table.drop(entry, t.TRAIT_TIMED_OUT | t.TRAIT_UNSEEN_ANSWER | t.TRAIT_CHALLENGED | t.TRAIT_QUIET);
  table.enlist(entry, t.LIST_CONVERSATION, 0);
}

/** Of a conversation whose start was not known the client turns out to be the server. */
export function swapLate(s: Tracking, entry: number): void {
  const table = s.table;
  table.swapEnds(entry);
  conversationOf(s, entry).swapEnds();
  const hadClientFin = table.has(entry, t.TRAIT_CLIENT_FIN);
  const hadServerFin = table.has(entry, t.TRAIT_SERVER_FIN);
  table.drop(entry, t.TRAIT_CLIENT_FIN | t.TRAIT_SERVER_FIN);
  if (hadClientFin) table.add(entry, t.TRAIT_SERVER_FIN);
  if (hadServerFin) table.add(entry, t.TRAIT_CLIENT_FIN);
}

/** Whether a segment comes late, of a conversation that is over. */
export function isOfClosed(s: Tracking, entry: number, packet: PacketRecord): boolean {
  const { ends } = conversationOf(s, entry);
  const fromClient = s.table.isFromClient(entry, s.key);
  return ends.fits(fromClient, packet) || (isAmbiguous(s) && ends.fits(!fromClient, packet));
}

export function takeLate(s: Tracking, entry: number, packet: PacketRecord): void {
  addFrame(s, entry, packet);
  noteSegment(s, entry, packet);
  s.table.enlist(entry, t.LIST_CLOSED, s.clock.now + CLOSED_NANOS);
  if (countPayload(s, entry, packet, s.table.isFromClient(entry, s.key))) tellChanged(s, entry);
}

/**
 * Whether a segment is of a conversation whose start is not in the capture, by its numbers alone: another end's than those known of it,
 * or of the same end's.
 */
export function fitsUnknown(s: Tracking, entry: number, packet: PacketRecord): boolean {
  if ((packet.flags & ACK) === 0) return false;
  const table = s.table;
  const fromClient = table.isFromClient(entry, s.key);
  let client = -1;
  let server = -1;
  const answer = table.get(entry, t.ANSWER);
  if (mayContinue(s, entry)) {
    const { sequence, acknowledgment } = siblingOf(s, entry);
    client = sequence;
    server = acknowledgment;
  } else if (table.verdict(entry) !== UNSOLICITED) return false;
  else if (answer !== 0 && s.answers.kind(answer) === KIND_SYN_ACK) {
    client = s.answers.acknowledgment(answer);
    server = s.answers.sequence(answer);
  } else if (table.get(entry, t.CONVERSATION) !== 0)
    ({ lateClient: client, lateServer: server } = conversationOf(s, entry));
  if (client < 0 || server < 0) return false;
  const sent = sequenceDifference(packet.sequence, fromClient ? client : server);
  const acknowledged = sequenceDifference(packet.acknowledgment, fromClient ? server : client);
  return Math.abs(sent) < SAME_CONVERSATION && Math.abs(acknowledged) < SAME_CONVERSATION;
}

/** Whether a segment goes on with a conversation that was under way when the capture began. */
export function continuesUnknown(s: Tracking, entry: number, packet: PacketRecord): boolean {
  const probe = s.table.probe(entry);
  if (probe !== PROBE_ACK && probe !== PROBE_MAIMON && probe !== PROBE_OTHER) return false;
  if ((probeFlags(s, entry) & ACK) === 0 || (packet.flags & ACK) === 0) return false;
  const acknowledged = sequenceDifference(packet.acknowledgment, s.table.get(entry, t.PROBE_ACKNOWLEDGMENT) >>> 0);
  if (Math.abs(acknowledged) >= SAME_CONVERSATION) return false;
  return Math.abs(sequenceDifference(packet.sequence, s.table.get(entry, t.ISN) >>> 0)) < SAME_CONVERSATION;
}
