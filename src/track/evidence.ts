/** What is kept of an exchange for reports: frames, answers, payload, anomalies. */

import { ACK, type Assembly, CHECKSUM_BAD, FRAGMENT_FIRST, type PacketRecord, RST, SYN } from '../decode/packet.ts';
import { KIND_ICMP, KIND_RESET, KIND_SYN_ACK, optionsLengthOf } from './answer-pool.ts';
import { PROBE_OTHER } from './codes.ts';
import type { Conversation } from './conversation.ts';
import { PROBES } from './exchange.ts';
import { wordOf } from './frame-numbers.ts';
import { isConversing, isDropped, isDroppedAnswer, isLike, isWaiting, looksMirrored, nanosSince } from './questions.ts';
import * as t from './table.ts';
import { isTraceable, TracedSegments } from './traced-segments.ts';
import type { Tracking } from './tracking.ts';
import { classifyProbe } from './verdict.ts';

/** What adding an answer came to. */
export const COPY = 0;
const LIKE = 1;
export const NEW = 2;

/** Different answers kept of one exchange. */
const MAX_ANSWERS = 16;
export function noteSegment(s: Tracking, entry: number, packet: PacketRecord): void {
  if (!s.isPortZero) return;
  s.recent.note(packet, s.key.ends, entry, s.table.get(entry, t.ID), s.seconds, s.nanos);
}

export function setProbe(s: Tracking, entry: number, packet: PacketRecord): void {
  const table = s.table;
  table.set(entry, t.PROBE_IP_ID, packet.ipId);
  table.set(entry, t.LAYERS, s.layers.intern(packet.layers, packet.layerCount));
  table.set(entry, t.PATH, packet.path);
  table.setFloat(entry, t.LAST_GAP, 0);
  if (packet.dontFragment) table.add(entry, t.TRAIT_DONT_FRAGMENT);
  setStart(s, entry);
  setProbeHeader(s, entry, packet);
  // After the start, as which it is: then it needs no place of its own.
  table.set(entry, t.LAST_NANOS, s.nanos);
  table.setFloat(entry, t.LAST_SECONDS, s.seconds);
  if (packet.flags < 0 && table.has(entry, t.TRAIT_PARTIAL)) table.add(entry, t.TRAIT_QUIET);
}

/** The frame at hand is where the opening segment is. */
export function setStart(s: Tracking, entry: number): void {
  const table = s.table;
  table.set(entry, t.PROBE_FRAME, wordOf(s.frame));
  table.setStarted(entry, s.seconds, s.nanos);
  table.setDigits(entry, s.digits);
}

/** What the opening segment's header says, as far as it is there. */
export function setProbeHeader(s: Tracking, entry: number, packet: PacketRecord): void {
  const table = s.table;
  const { flags, assembly } = packet;
  const hidden = packet.sequence < 0 ? t.HIDDEN_SEQUENCE : t.HIDDEN_FLAGS;
  table.setProbe(entry, flags < 0 ? PROBE_OTHER : PROBES.indexOf(classifyProbe(flags, packet.payloadLength)));
  table.set(entry, t.ISN, packet.sequence);
  table.set(entry, t.PROBE_ACKNOWLEDGMENT, packet.acknowledgment);
  table.set(entry, t.PROBE_WINDOW, (packet.window << 16) | (packet.urgentPointer & 0xffff));
  const header = flags < 0 ? hidden << 8 : (flags << 16) | ((packet.reservedBits & 0x0f) << 8);
  table.set(entry, t.PROBE_HEADER, header | (packet.ttl & 0xff));
  const isCut = packet.fragment === FRAGMENT_FIRST && assembly?.isWhole !== true;
  table.set(entry, t.PROBE_PAYLOAD_LENGTH, isCut ? -1 : packet.payloadLength);
  table.setOptions(entry, packet.bytes, packet.optionsOffset, keepsEvidence(s) ? optionsLengthOf(packet) : 0);
  if (packet.checksum === CHECKSUM_BAD) table.add(entry, t.TRAIT_CHECKSUM_BAD);
  if (packet.window >= 0 && packet.urgentPointer >= 0) table.add(entry, t.TRAIT_HAS_PROBE_HEADER);
  if (assembly?.isPartial === true) table.add(entry, t.TRAIT_PARTIAL);
}

/**
 * Adds an answer to the list and its frame to the exchange. Returns COPY for one that was seen already
 * at another place, LIKE for one that is like another (which then counts one more) or one too many, else NEW.
 */
export function addAnswer(
  s: Tracking,
  entry: number,
  packet: PacketRecord,
  kind: number,
  acceptable: boolean,
): typeof COPY | typeof LIKE | typeof NEW {
  const added = joinAnswer(s, entry, packet, kind, acceptable);
  if (added !== NEW) traceSegment(s, entry, packet);
  return added;
}

function joinAnswer(
  s: Tracking,
  entry: number,
  packet: PacketRecord,
  kind: number,
  acceptable: boolean,
): typeof COPY | typeof LIKE | typeof NEW {
  const table = s.table;
  const answers = s.answers;
  joinFrame(s, entry, packet);
  if (kind !== KIND_ICMP) countPayload(s, entry, packet, false);
  let count = 0;
  for (let other = table.get(entry, t.ANSWERS_FIRST); other !== 0; other = answers.next(other)) {
    count++;
    if (!isLike(s, other, packet, kind, acceptable)) continue;
    const elapsed = nanosSince(s, answers.seconds(other), answers.nanos(other));
    if (looksMirrored(s, answers.ipId(other), answers.ttl(other), packet, elapsed)) {
      noteHopsApart(s, entry, answers.ttl(other), packet.ttl);
      return COPY;
    }
    if (answers.ttl(other) === packet.ttl && (answers.ipId(other) === 0) === (packet.ipId === 0)) {
      answers.repeat(other);
      return LIKE;
    }
  }
  // The one that settles the verdict is kept whatever came before.
  if (count >= MAX_ANSWERS && !(acceptable && isWaiting(s, entry))) return LIKE;
  const answer = createAnswer(s, packet, kind, acceptable);
  if (answer === 0) return LIKE;
  const last = table.get(entry, t.ANSWERS_LAST);
  if (last === 0) table.set(entry, t.ANSWERS_FIRST, answer);
  else answers.link(last, answer);
  table.set(entry, t.ANSWERS_LAST, answer);
  return NEW;
}

export function createAnswer(s: Tracking, packet: PacketRecord, kind: number, acceptable: boolean): number {
  const keeps = keepsEvidence(s);
  return s.answers.create(packet, kind, acceptable, s.frame, s.seconds, s.nanos, s.digits, keeps);
}

/** The answer has come through another scope than the question. */
export function noteAnswerPath(s: Tracking, entry: number, packet: PacketRecord): void {
  if (packet.scope === s.table.get(entry, t.SCOPE)) return;
  const conversation = conversationOf(s, entry);
  if (!conversation.isMirrored) conversation.answerPath = packet.path;
}

/** Another acceptable answer, by default the last, stands beside the one that settled the verdict: do they go together? */
export function compareAnswers(s: Tracking, entry: number, last = s.table.get(entry, t.ANSWERS_LAST)): void {
  const table = s.table;
  const answers = s.answers;
  const first = table.get(entry, t.ANSWER);
  if (first === 0 || first === last) return;
  let conflicts = answers.kind(first) !== answers.kind(last);
  if (!conflicts && answers.kind(first) === KIND_ICMP) conflicts = answers.icmp(first) !== answers.icmp(last);
  else if (!conflicts) {
    // One host has one distance and one way to number its answers; one listener has one initial sequence number.
    conflicts =
      !isSeenElsewhere(s, entry, first, last) &&
      (!isSameDistance(s, entry, answers.ttl(first), answers.ttl(last)) ||
        (answers.ipId(first) === 0) !== (answers.ipId(last) === 0) ||
        (answers.kind(first) === KIND_SYN_ACK && answers.sequence(first) !== answers.sequence(last)));
  }
  if (conflicts) {
    table.add(entry, t.TRAIT_CONFLICTING);
    tellChanged(s, entry);
  }
}

/**
 * The same packet was recorded with two TTLs: mirrors, or taps, are so many routers apart. Kept where there is a conversation, or an object
 * for one: a mirrored flood gets none for this.
 */
export function noteHopsApart(s: Tracking, entry: number, first: number, last: number): void {
  if (first === last || (s.table.get(entry, t.CONVERSATION) === 0 && !isConversing(s, entry))) return;
  conversationOf(s, entry).hopsApart = Math.abs(first - last);
}

/**
 * Whether two TTLs may be of one sender: the same, or, where packets are recorded at two places, as far apart as those are. A copy that the
 * capture lost leaves the one of the other place.
 */
export function isSameDistance({ table, conversations }: Tracking, entry: number, one: number, other: number): boolean {
  if (one === other) return true;
  const conversation = table.get(entry, t.CONVERSATION);
  return conversation !== 0 && conversations.get(conversation)?.hopsApart === Math.abs(one - other);
}

/** Two taps on one path are this many routers apart at most. */
const MOST_HOPS_BETWEEN_TAPS = 8;

/**
 * One packet that two taps have recorded, however far apart their clocks are: but for its TTL it is the same. A RST without an IP ID of
 * its own (Linux sends 0) does not show that by itself: the question has to be there twice as well.
 */
export function isSeenElsewhere(s: Tracking, entry: number, first: number, last: number): boolean {
  const answers = s.answers;
  const hops = Math.abs(answers.ttl(first) - answers.ttl(last));
  if (hops === 0 || hops > MOST_HOPS_BETWEEN_TAPS) return false;
  const isSame =
    answers.ipId(first) === answers.ipId(last) &&
    answers.flags(first) === answers.flags(last) &&
    answers.sequence(first) === answers.sequence(last) &&
    answers.acknowledgment(first) === answers.acknowledgment(last);
  if (!isSame) return false;
  // No other listener comes upon the same initial sequence number.
  return answers.kind(first) === KIND_SYN_ACK || answers.ipId(first) > 0 || conversationOf(s, entry).isAskedElsewhere;
}

/** A RST that the client must ignore, from the server's address but with another TTL than the answer's, has another sender. */
export function compareInvalid(s: Tracking, entry: number): void {
  const table = s.table;
  const answers = s.answers;
  const settling = table.get(entry, t.ANSWER);
  if (settling === 0 || !answers.isAcceptable(settling) || answers.kind(settling) === KIND_ICMP) return;
  for (let answer = table.get(entry, t.ANSWERS_FIRST); answer !== 0; answer = answers.next(answer)) {
    if (answers.kind(answer) !== KIND_RESET || answers.isAcceptable(answer) || isDroppedAnswer(s, answer)) continue;
    if (!isSameDistance(s, entry, answers.ttl(answer), answers.ttl(settling))) table.add(entry, t.TRAIT_CONFLICTING);
  }
}

export function countInvalidReset(s: Tracking, entry: number): void {
  s.table.add(entry, t.TRAIT_INVALID_RESET);
  compareInvalid(s, entry);
  const conversation = conversationOf(s, entry);
  if (conversation.invalidResets++ === 0) conversation.invalidResetFrame = s.frame;
  tellChanged(s, entry);
}

/** Returns whether there was payload. */
export function countPayload(s: Tracking, entry: number, packet: PacketRecord, fromClient: boolean): boolean {
  if (!s.isPortZero || packet.payloadLength <= 0) return false;
  // What rides on a RST is a diagnostic (RFC 9293 §3.5.3), no data; and what is dropped has brought none.
  if ((packet.flags & (SYN | RST)) === RST || (isDropped(s, packet) && (packet.flags & SYN) === 0)) return false;
  const conversation = conversationOf(s, entry);
  if (conversation.dataFrame === 0) conversation.dataFrame = s.frame;
  const first = (packet.flags & SYN) !== 0 ? (packet.sequence + 1) >>> 0 : packet.sequence;
  conversation.count(fromClient, first, packet.payloadLength);
  return true;
}

export function addFrame(s: Tracking, entry: number, packet: PacketRecord): void {
  joinFrame(s, entry, packet);
  traceSegment(s, entry, packet);
}

/** Keeps a segment that is neither the opening nor an answer, so that a report can draw it. */
export function traceSegment(s: Tracking, entry: number, packet: PacketRecord): void {
  if (!s.isPortZero || !isTraceable(packet)) return;
  const index = s.table.get(entry, t.CONVERSATION);
  const known = index === 0 ? undefined : s.conversations.get(index);
  if (known?.traced?.isFull === true) return;
  if (!s.traces.takes((packet.flags & (SYN | ACK)) === SYN)) return;
  const conversation = known ?? conversationOf(s, entry);
  conversation.traced ??= new TracedSegments();
  conversation.traced.add(packet, s.table.isFromClient(entry, s.key), s.frame, s.seconds, s.nanos, s.digits);
}

/** The frame belongs to the exchange; its segment is kept otherwise. */
export function joinFrame(s: Tracking, entry: number, packet: PacketRecord): void {
  if (packet.assembly !== null) takeFragments(s, entry, packet.assembly);
  appendFrame(s, entry, s.frame);
  noteAnomalies(s, entry, packet);
}

function appendFrame(s: Tracking, entry: number, frame: number): void {
  const table = s.table;
  const first = table.get(entry, t.FRAMES_FIRST);
  let last = table.get(entry, t.FRAMES_LAST);
  if (last === 0) {
    const second = table.get(entry, t.FRAME_SECOND);
    if (first === 0 || (second || first) === (frame | 0)) return;
    // Two need no list; a word of 0 is none.
    if (second === 0 && (frame | 0) !== 0) {
      table.set(entry, t.FRAME_SECOND, frame);
      return;
    }
    const list = s.frames.create(first);
    if (list === 0) return;
    last = second === 0 ? list : s.frames.append(list, list, second);
    table.set(entry, t.FRAMES_FIRST, list);
    table.set(entry, t.FRAMES_LAST, s.frames.append(list, last, frame));
  } else table.set(entry, t.FRAMES_LAST, s.frames.append(first, last, frame));
}

/** The segment's earlier fragments belong to the exchange, and so will its later ones. */
function takeFragments(s: Tracking, entry: number, assembly: Assembly): void {
  for (let i = 0; i < assembly.earlierCount; i++) appendFrame(s, entry, assembly.earlierFrames[i]);
  assembly.earlierCount = 0;
  assembly.owner = s.table.get(entry, t.ID) >>> 0;
}

export function noteAnomalies(s: Tracking, entry: number, packet: PacketRecord): void {
  if (packet.anomalies === 0 || !keepsEvidence(s)) return;
  s.table.set(entry, t.ANOMALIES, s.table.get(entry, t.ANOMALIES) | packet.anomalies);
  const conversation = conversationOf(s, entry);
  if (conversation.anomalyFrame === 0) conversation.anomalyFrame = s.frame;
  if (s.table.isListed(entry)) tellChanged(s, entry);
}

export function conversationOf(s: Tracking, entry: number): Conversation {
  let index = s.table.get(entry, t.CONVERSATION);
  if (index === 0) {
    index = s.conversations.create();
    s.table.set(entry, t.CONVERSATION, index);
  }
  return s.conversations.get(index) as Conversation;
}

/** Of the exchange that the packet at hand belongs to. */
export function keepsEvidence(s: Tracking): boolean {
  return s.keepsAll || s.isPortZero;
}

export function tellChanged(s: Tracking, entry: number): void {
  if (s.sink.changed === undefined || s.table.has(entry, t.TRAIT_QUIET)) return;
  s.sink.changed(s.view.at(entry));
}
