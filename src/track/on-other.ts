/** Segments with neither SYN nor RST: of a conversation, an odd answer, or a stealth probe. */

import { ACK, FIN, FRAGMENT_LATER, type PacketRecord } from '../decode/packet.ts';
import { echoesTime } from '../decode/transport/tcp-options.ts';
import { goesOn } from './acceptance.ts';
import { KIND_ACK, KIND_OTHER } from './answer-pool.ts';
import { UNSOLICITED } from './codes.ts';
import { takeConversing } from './conversing.ts';
import { waitsElsewhere } from './cross-scope.ts';
import { isRefusedBefore, takeQuestion } from './disorder.ts';
import { addAnswer, tellChanged } from './evidence.ts';
import { concernsAttempt, showAnswer } from './handshake.ts';
import { becomeLate, continuesUnknown, isOfClosed, startLate, takeLate } from './late.ts';
import { openExchange } from './lifecycle.ts';
import {
  isConversing,
  isCut,
  isRetransmission,
  isSyn,
  isUnanswered,
  isWaiting,
  looksMirrored,
  mayContinue,
  nanosSince,
} from './questions.ts';
import { takeRetransmission } from './retransmission.ts';
import * as t from './table.ts';
import type { Tracking } from './tracking.ts';
import { waitingCell } from './waiting-ports.ts';
import { WAITS_BOTH } from './waits.ts';

/** Neither SYN nor RST: of a conversation, an odd answer, or (on port 0) a stealth probe. */
export function takeOther(s: Tracking, packet: PacketRecord, newest: number): void {
  const table = s.table;
  let waiting = 0;
  for (let entry = newest; entry !== 0; entry = s.attempts.after(entry)) {
    if (table.listOf(entry) === t.LIST_CLOSED) {
      if (!isOfClosed(s, entry, packet)) continue;
      takeLate(s, entry, packet);
      return;
    }
    if (packet.payloadLength <= 0 && !hasHeard(packet) && isRefusedBefore(s, entry, packet)) {
      takeQuestion(s, entry, packet);
      return;
    }
    if (isCut(s, entry)) {
      takeConversing(s, entry, packet);
      return;
    }
    const fromClient = table.isFromClient(entry, s.key);
    if (isUnanswered(s, entry) && concernsAttempt(s, entry, packet, fromClient)) {
      showAnswer(s, entry, packet, fromClient);
      return;
    }
    // A bare ACK meets the attempt that is waiting, though it speaks of an older conversation on these ends: that is
    // how a half-open leftover answers.
    if (entry === newest && isBareAckOfServer(s, entry, packet)) {
      waiting = entry;
      break;
    }
    // Once there is a connection, every segment has ACK (RFC 9293 §3.1).
    const isOfUnknown = table.verdict(entry) === UNSOLICITED && (packet.flags & ACK) !== 0;
    if (isConversing(s, entry) || isOfUnknown) {
      takeConversing(s, entry, packet);
      return;
    }
    if (mayContinue(s, entry) && (!fromClient || continuesUnknown(s, entry, packet))) {
      if ((packet.flags & ACK) !== 0 && !(fromClient && isCopyOfProbe(s, entry, packet))) {
        becomeLate(s, entry);
        takeConversing(s, entry, packet);
        return;
      }
    }
    if (fromClient && !isSyn(s, entry)) {
      if (isRetransmission(s, entry, packet)) {
        takeRetransmission(s, entry, packet);
        return;
      }
      if (continuesUnknown(s, entry, packet)) {
        takeConversing(s, entry, packet);
        return;
      }
    } else if (waiting === 0 && table.verdict(entry) !== UNSOLICITED) waiting = entry;
  }
  const isOwn = waiting !== 0 && table.isFromClient(waiting, s.key);
  // Not of this attempt: a probe of its own, or a conversation that was under way when the capture began.
  if (waiting === 0 || (isOwn && s.isPortZero && !goesOn(table.get(waiting, t.ISN) >>> 0, packet))) {
    if (!s.isPortZero) return;
    if ((packet.flags & ACK) !== 0 && (packet.payloadLength > 0 || hasHeard(packet))) startLate(s, packet, newest);
    else openExchange(s, packet, newest);
    return;
  }
  if (isOwn || !isWaiting(s, waiting)) {
    takeConversing(s, waiting, packet);
    return;
  }
  // Of nothing that the client sent: a challenge ACK (RFC 5961 §4), a half-open leftover (RFC 9293 §3.5.1), or what no scan
  // type knows (nmap: tcp-response).
  addAnswer(s, waiting, packet, (packet.flags & ACK) !== 0 ? KIND_ACK : KIND_OTHER, false);
  table.add(waiting, t.TRAIT_CHALLENGED);
  tellChanged(s, waiting);
}

/** Whether a plain segment is between ends that wait for an answer. */
export function isAwaited(s: Tracking, packet: PacketRecord): boolean {
  if (packet.fragment === FRAGMENT_LATER) return false;
  if (s.waiting[waitingCell(packet.sourcePort, packet.destinationPort)] === 0) return false;
  s.key.read(packet, packet.scope);
  let entry = s.table.find(s.key);
  if (entry === 0) return s.ledger?.awaits(s.key) === true || waitsElsewhere(s, packet);
  s.attempts.begin(entry, s.key.hash, packet.sequence, packet.acknowledgment);
  while (entry !== 0 && !isUnanswered(s, entry)) entry = s.attempts.after(entry);
  return entry !== 0;
}

/** A segment between ordinary ports, without SYN, FIN and RST: it matters where an answer is missing, and only there. */
export function takePlain(s: Tracking, packet: PacketRecord, newest: number): void {
  const table = s.table;
  let waiting = 0;
  for (let entry = newest; entry !== 0; entry = s.attempts.after(entry)) {
    const fromClient = table.isFromClient(entry, s.key);
    if (isUnanswered(s, entry) && concernsAttempt(s, entry, packet, fromClient)) {
      // The first of the client's tells all.
      if (!fromClient || table.get(entry, t.WAITS) === WAITS_BOTH) showAnswer(s, entry, packet, fromClient);
      return;
    }
    if (entry === newest && isBareAckOfServer(s, entry, packet)) {
      waiting = entry;
      break;
    }
    if (isConversing(s, entry)) return;
    if (waiting === 0 && !fromClient && isUnanswered(s, entry) && isWaiting(s, entry)) waiting = entry;
  }
  if (waiting === 0) return;
  addAnswer(s, waiting, packet, (packet.flags & ACK) !== 0 ? KIND_ACK : KIND_OTHER, false);
  table.add(waiting, t.TRAIT_CHALLENGED);
  tellChanged(s, waiting);
}

function isCopyOfProbe(s: Tracking, entry: number, packet: PacketRecord): boolean {
  const table = s.table;
  if (!isRetransmission(s, entry, packet)) return false;
  const elapsed = nanosSince(s, table.getFloat(entry, t.LAST_SECONDS), table.get(entry, t.LAST_NANOS));
  const ttl = table.get(entry, t.PROBE_HEADER) & 0xff;
  return looksMirrored(s, table.get(entry, t.PROBE_IP_ID), ttl, packet, elapsed);
}

function isBareAckOfServer(s: Tracking, entry: number, packet: PacketRecord): boolean {
  if ((packet.flags & (ACK | FIN)) !== ACK || packet.payloadLength > 0) return false;
  return isWaiting(s, entry) && isSyn(s, entry) && !s.table.isFromClient(entry, s.key);
}

/**
 * Whether its sender has heard the other end, whose time it echoes. Scanners make up an ACK number, but have no time to echo: they
 * send no time stamps, or echo 0 (nmap -O).
 */
function hasHeard({ bytes, optionsOffset, optionsEnd }: PacketRecord): boolean {
  return echoesTime(bytes, optionsOffset, optionsEnd);
}
