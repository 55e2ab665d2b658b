/** Which exchange a packet may be about, in its own scope (VLAN, tunnel) or, where that has none, in another. */

import { ACK, FIN, type PacketRecord, RST, SYN } from '../decode/packet.ts';
import { KIND_ICMP } from './answer-pool.ts';
import { UNSOLICITED } from './codes.ts';
import { conversationOf, noteHopsApart } from './evidence.ts';
import { concernsAttempt } from './handshake.ts';
import { fitsUnknown } from './late.ts';
import {
  acknowledges,
  hidesSequence,
  isAnswerByFlags,
  isConversing,
  isHidden,
  isOrphanOf,
  isSyn,
  isUnanswered,
  isWaiting,
  looksMirrored,
  nanosSince,
  probeFlags,
} from './questions.ts';
import * as t from './table.ts';
import type { Tracking } from './tracking.ts';
import { watchWaits } from './waits.ts';

/** The newest attempt on the ends of the key; 0 when none. */
export function findNewest(s: Tracking): number {
  const newest = s.table.find(s.key);
  if (newest !== 0 || s.takeover === null || s.isPortZero) return newest;
  const taken = s.takeover.take(s.key);
  if (taken === 0) return 0;
  watchWaits(s, taken);
  const scope = s.table.get(taken, t.SCOPE);
  if (s.crossings.see(scope)) noteAll(s);
  else noteForCrossing(s, taken);
  return scope === s.key.scope ? taken : 0;
}

/**
 * The newest attempt that a packet may be about, where its own scope has none: it may belong to another one, as
 * an answer that comes back another way, or as a copy. The key is then in that scope.
 */
export function throughScopes(s: Tracking, packet: PacketRecord, newest: number, isQuote: boolean): number {
  const crossings = s.crossings;
  if (crossings.see(packet.scope)) noteAll(s);
  if (!crossings.isActive) return newest;
  const joined = crossings.joined(s.key);
  if (joined >= 0 && (newest === 0 || !isUnderWay(s, newest))) {
    s.key.moveTo(joined);
    const found = findNewest(s);
    if (found !== 0) return found;
    s.key.moveTo(packet.scope);
  }
  if (newest !== 0 && isOfOwn(s, packet, newest, isQuote)) return newest;
  const home =
    isQuote || newest !== 0
      ? questionElsewhere(s, packet, isQuote ? packet.sequence : packet.acknowledgment - 1, isQuote)
      : homeOf(s, packet);
  if (home === 0) return newest;
  if (s.table.get(home, t.PROBE_FRAME) === 0 && (packet.flags & (SYN | ACK)) === SYN) return takeHome(s, home);
  const scope = s.table.get(home, t.SCOPE);
  if (newest === 0 || !isUnderWay(s, newest)) crossings.join(s.key, scope);
  s.key.moveTo(scope);
  return findNewest(s);
}

/** An answer that came before its question, through another scope, now lives where the question is. */
function takeHome(s: Tracking, orphan: number): number {
  const table = s.table;
  const scope = table.get(orphan, t.SCOPE);
  const home = s.key.scope;
  conversationOf(s, orphan).answerPath = table.get(orphan, t.PATH);
  table.move(orphan, s.key);
  s.key.moveTo(scope);
  s.crossings.join(s.key, home);
  s.key.moveTo(home);
  return orphan;
}

export function isUnderWay(s: Tracking, entry: number): boolean {
  if (s.table.listOf(entry) === t.LIST_CLOSED) return false;
  return isWaiting(s, entry) || isConversing(s, entry) || s.table.listOf(entry) === t.LIST_CONVERSATION;
}

/**
 * Whether a packet is about the exchanges on its ends in its own scope. Only an answer may be for another scope all the same:
 * one that acknowledges nothing that was asked here.
 */
export function isOfOwn(s: Tracking, packet: PacketRecord, newest: number, isQuote: boolean): boolean {
  const table = s.table;
  const { flags } = packet;
  if (!isQuote && (flags < 0 || !isAnswerByFlags(flags) || (flags & ACK) === 0)) return true;
  s.attempts.begin(newest, s.key.hash, packet.sequence, packet.acknowledgment);
  for (let entry = newest; entry !== 0; entry = s.attempts.after(entry)) {
    if (table.isFromClient(entry, s.key) !== isQuote || table.verdict(entry) === UNSOLICITED) continue;
    if (isQuote ? table.get(entry, t.ISN) === (packet.sequence | 0) : acknowledges(s, entry, packet)) return true;
    if (!isQuote && (flags & RST) !== 0 && isConversing(s, entry)) return true;
  }
  return false;
}

/** The exchange in another scope that a segment belongs to; 0 when there is none, or not just one. */
function homeOf(s: Tracking, packet: PacketRecord): number {
  const { flags } = packet;
  if (flags < 0) return openingElsewhere(s, packet);
  if (!isAnswerByFlags(flags))
    return openingElsewhere(s, packet) || segmentElsewhere(s, packet) || conversationElsewhere(s, packet);
  const number = (packet.acknowledgment - 1) | 0;
  // An answer again, in another scope: of a question, or of none that was seen.
  for (const entry of s.crossings.alike(s.key, number)) if (hasCopy(s, entry, packet)) return entry;
  const question = (flags & ACK) === 0 ? 0 : questionElsewhere(s, packet, number, false);
  return question || segmentElsewhere(s, packet) || conversationElsewhere(s, packet);
}

/**
 * The one exchange in another scope that a segment without SYN goes on with, where nobody has seen how that was answered or began:
 * its answer was lost, and what shows it comes back another way. With such in two scopes nothing is guessed.
 */
function conversationElsewhere(s: Tracking, packet: PacketRecord): number {
  if ((packet.flags & (SYN | ACK)) !== ACK) return 0;
  const table = s.table;
  let found = 0;
  for (const entry of s.crossings.onEnds(s.key)) {
    if (table.listOf(entry) === t.LIST_CLOSED || !isShownBy(s, entry, packet)) continue;
    if (found !== 0 && table.get(found, t.SCOPE) !== table.get(entry, t.SCOPE)) return 0;
    found ||= entry;
  }
  if (found !== 0 && !table.isFromClient(found, s.key)) {
    const conversation = conversationOf(s, found);
    if (!conversation.isMirrored && conversation.answerPath < 0) conversation.answerPath = packet.path;
  }
  return found;
}

function isShownBy(s: Tracking, entry: number, packet: PacketRecord): boolean {
  const fromClient = s.table.isFromClient(entry, s.key);
  if (!isUnanswered(s, entry)) return fitsUnknown(s, entry, packet);
  if (concernsAttempt(s, entry, packet, fromClient)) return true;
  // An ACK of nothing that the client sent challenges whoever waits on these ends.
  return !fromClient && (packet.flags & (FIN | RST)) === 0 && packet.payloadLength === 0 && isWaiting(s, entry);
}

/** Whether an exchange on the ends of a plain segment waits for an answer in another scope. */
export function waitsElsewhere(s: Tracking, packet: PacketRecord): boolean {
  if (s.table.size === 0) return false;
  if (s.crossings.see(packet.scope)) noteAll(s);
  return s.crossings.isActive && s.crossings.onEnds(s.key).some((entry) => isUnanswered(s, entry));
}

/** The conversation in another scope of which this segment was seen a moment ago. */
function segmentElsewhere(s: Tracking, packet: PacketRecord): number {
  if (!s.isPortZero) return 0;
  const table = s.table;
  const recent = s.recent;
  const entry = recent.find(packet, s.key.ends, (other) => table.get(other, t.ID));
  if (entry === 0 || !table.isListed(entry) || !table.isOnEnds(entry, s.key)) return 0;
  if (table.get(entry, t.SCOPE) === s.key.scope) return 0;
  const elapsed = nanosSince(s, recent.seconds, recent.nanos);
  if (!looksFurtherOn(s, packet.ipId, recent.ttl, packet, elapsed)) return 0;
  conversationOf(s, entry).isMirrored = true;
  noteHopsApart(s, entry, recent.ttl, packet.ttl);
  return entry;
}

/** A copy in another scope, of a packet that no hop gave life back on its way: where time stamps tell an order, the later one has no more. */
function looksFurtherOn(s: Tracking, ipId: number, ttl: number, packet: PacketRecord, elapsedNanos: number): boolean {
  return (elapsedNanos <= 0 || packet.ttl <= ttl) && looksMirrored(s, ipId, ttl, packet, elapsedNanos);
}

/** The same opening segment, or the fragment with its number, seen at another place of its way. */
function openingElsewhere(s: Tracking, packet: PacketRecord): number {
  const table = s.table;
  for (const entry of s.crossings.alike(s.key, packet.sequence | 0)) {
    const isSame =
      table.get(entry, t.PROBE_FRAME) !== 0 &&
      table.get(entry, t.ISN) >>> 0 === packet.sequence &&
      table.isFromClient(entry, s.key) &&
      isSameOpening(s, entry, packet);
    if (!isSame) continue;
    const elapsed = nanosSince(s, table.getFloat(entry, t.LAST_SECONDS), table.get(entry, t.LAST_NANOS));
    const ttl = table.get(entry, t.PROBE_HEADER) & 0xff;
    if (!looksFurtherOn(s, table.get(entry, t.PROBE_IP_ID), ttl, packet, elapsed)) continue;
    conversationOf(s, entry).isMirrored = true;
    noteHopsApart(s, entry, ttl, packet.ttl);
    return entry;
  }
  return packet.flags >= 0 && (packet.flags & (SYN | ACK)) === SYN ? orphanElsewhere(s, packet) : 0;
}

/** Of what a fragment hides, nothing speaks against it. */
function isSameOpening(s: Tracking, entry: number, packet: PacketRecord): boolean {
  const table = s.table;
  if (packet.flags < 0 || isHidden(s, entry)) return !hidesSequence(s, entry);
  return (
    probeFlags(s, entry) === packet.flags &&
    ((packet.flags & ACK) === 0 || table.get(entry, t.PROBE_ACKNOWLEDGMENT) >>> 0 === packet.acknowledgment) &&
    table.get(entry, t.PROBE_PAYLOAD_LENGTH) === packet.payloadLength
  );
}

/** The answer to this SYN, recorded before it in another scope; with such in two scopes nothing is guessed. */
function orphanElsewhere(s: Tracking, packet: PacketRecord): number {
  const table = s.table;
  let orphan = 0;
  // It acknowledges the SYN, or its data as well.
  const most = Math.max(0, packet.payloadLength);
  for (let length = 0; length <= most; length += Math.max(1, most)) {
    for (const entry of s.crossings.alike(s.key, (packet.sequence + length) | 0)) {
      if (!table.isFromClient(entry, s.key) || !isOrphanOf(s, entry, packet)) continue;
      const elapsed = nanosSince(s, table.getFloat(entry, t.STARTED_SECONDS), table.get(entry, t.STARTED_NANOS));
      if (Math.abs(elapsed) > s.timeoutNanos || entry === orphan) continue;
      if (orphan !== 0) return 0;
      orphan = entry;
    }
  }
  return orphan;
}

/** Whether the packet is a copy of an answer that the exchange has. */
function hasCopy(s: Tracking, entry: number, packet: PacketRecord): boolean {
  const answers = s.answers;
  for (let answer = s.table.get(entry, t.ANSWERS_FIRST); answer !== 0; answer = answers.next(answer)) {
    const isSame =
      answers.kind(answer) !== KIND_ICMP &&
      answers.isFrom(answer, packet) &&
      answers.flags(answer) === packet.flags &&
      answers.sequence(answer) === packet.sequence &&
      answers.acknowledgment(answer) === packet.acknowledgment;
    if (!isSame) continue;
    const elapsed = nanosSince(s, answers.seconds(answer), answers.nanos(answer));
    if (looksFurtherOn(s, answers.ipId(answer), answers.ttl(answer), packet, elapsed)) return true;
  }
  return false;
}

/** The one SYN in another scope that waits and has that number; with such in two scopes nothing is guessed. */
function questionElsewhere(s: Tracking, packet: PacketRecord, number: number, isFromClient: boolean): number {
  const table = s.table;
  let question = 0;
  for (const entry of s.crossings.alike(s.key, number | 0)) {
    if (table.isFromClient(entry, s.key) !== isFromClient || table.get(entry, t.PROBE_FRAME) === 0) continue;
    // A fragment whose flags are hidden has a number to acknowledge too.
    const asks = isSyn(s, entry) || (isHidden(s, entry) && !hidesSequence(s, entry));
    if (!asks || !isWaiting(s, entry)) continue;
    const isAbout = isFromClient ? table.get(entry, t.ISN) === (number | 0) : acknowledges(s, entry, packet);
    if (!isAbout) continue;
    if (question !== 0 && table.get(question, t.SCOPE) !== table.get(entry, t.SCOPE)) return 0;
    question = entry;
  }
  return question;
}

/** A second scope has come: what there is is to be found from it. */
function noteAll(s: Tracking): void {
  const table = s.table;
  for (const list of [t.LIST_OPEN, t.LIST_LINGER, t.LIST_LONE, t.LIST_CONVERSATION, t.LIST_CLOSED])
    for (let entry = table.head(list); entry !== 0; entry = table.following(entry)) noteForCrossing(s, entry);
}

export function noteForCrossing(s: Tracking, entry: number): void {
  const table = s.table;
  if (!s.crossings.isActive) return;
  if (table.get(entry, t.PROBE_FRAME) === 0) {
    const answer = table.get(entry, t.ANSWER);
    // Of a late start not even an answer was seen.
    const number = answer === 0 ? 0 : (s.answers.acknowledgment(answer) - 1) | 0;
    s.crossings.note(entry, number, number);
    return;
  }
  const isn = table.get(entry, t.ISN);
  s.crossings.note(entry, isn, (isn + Math.max(0, table.get(entry, t.PROBE_PAYLOAD_LENGTH))) | 0);
}
