/** How an exchange opens, is answered and is decided. */

import { LONE_NANOS, NO_PROBE } from '../core/layout.ts';
import type { PacketRecord } from '../decode/packet.ts';
import { KIND_SYN_ACK } from './answer-pool.ts';
import { ACCEPTED, SIMULTANEOUS, UNDECIDED, UNSOLICITED } from './codes.ts';
import { noteForCrossing } from './cross-scope.ts';
import {
  compareInvalid,
  conversationOf,
  countPayload,
  createAnswer,
  joinFrame,
  keepsEvidence,
  noteAnomalies,
  setProbe,
  tellChanged,
} from './evidence.ts';
import { evictLeast } from './expiry.ts';
import { wordOf } from './frame-numbers.ts';
import { countKept, mayContinue } from './questions.ts';
import * as t from './table.ts';
import type { Tracking } from './tracking.ts';
import { watchWaits } from './waits.ts';

/** Keeps a conversation whose handshake was not wholly seen, however long it idles; of other ports a bounded number. */
export function holdOpen(s: Tracking, entry: number): void {
  const isAnswerOnly = s.table.verdict(entry) === UNSOLICITED && s.table.listOf(entry) === t.LIST_LONE;
  if (s.isPortZero && !isAnswerOnly) s.table.enlist(entry, t.LIST_CONVERSATION, 0);
  else s.table.enlist(entry, t.LIST_LONE, s.clock.now + LONE_NANOS);
}

export function openExchange(s: Tracking, packet: PacketRecord, newest: number): number {
  const entry = insertExchange(s, packet, newest, true);
  setProbe(s, entry, packet);
  s.table.setVerdict(entry, UNDECIDED);
  s.table.enlist(entry, t.LIST_OPEN, s.clock.now + s.timeoutNanos);
  watchWaits(s, entry);
  countPayload(s, entry, packet, true);
  noteForCrossing(s, entry);
  // It may be part of a conversation that was under way: nobody is accused before the time for an answer is over.
  if (mayContinue(s, entry)) s.table.add(entry, t.TRAIT_QUIET);
  tellOpened(s, entry);
  return entry;
}

export function tellOpened(s: Tracking, entry: number): void {
  if (!s.isPortZero) return;
  s.sink.opened?.(s.view.at(entry));
  tellChanged(s, entry);
}

/** A record for the packet's ends with its first frame. */
export function insertExchange(s: Tracking, packet: PacketRecord, newest: number, sourceIsClient: boolean): number {
  const table = s.table;
  let latest = newest;
  if (countKept(s) >= table.limit) {
    evictLeast(s);
    // It may have been an attempt on this very key.
    if (newest !== 0) latest = table.find(s.key);
  }
  s.attempts.makeRoom(latest);
  const entry = table.insert(s.key, latest, sourceIsClient);
  if (!s.isPortZero) s.ledger?.note(s.key.ends, 1);
  table.setProbe(entry, NO_PROBE);
  table.set(entry, t.ID, s.nextId());
  const { assembly } = packet;
  const hasEarlier = assembly !== null && assembly.earlierCount > 0;
  if (keepsEvidence(s)) table.set(entry, t.FRAMES_FIRST, wordOf(hasEarlier ? assembly.earlierFrames[0] : s.frame));
  if (assembly !== null) joinFrame(s, entry, packet);
  else noteAnomalies(s, entry, packet);
  return entry;
}

/** An answer that nothing in the capture asked for: its sender is the server, since it answers. */
export function takeUnsolicited(s: Tracking, packet: PacketRecord, kind: number): void {
  const entry = insertExchange(s, packet, s.table.find(s.key), false);
  becomeUnsolicited(s, entry, packet, kind);
  tellOpened(s, entry);
}

export function becomeUnsolicited(s: Tracking, entry: number, packet: PacketRecord, kind: number): void {
  const table = s.table;
  const answer = createAnswer(s, packet, kind, true);
  table.setVerdict(entry, UNSOLICITED);
  if (s.evicted > 0 && s.evictedQuestions.has(table.hash(entry), numberAsked(packet)))
    conversationOf(s, entry).isQuestionEvicted = true;
  table.setAnswers(entry, answer);
  table.setStarted(entry, s.seconds, s.nanos);
  table.set(entry, t.LAYERS, s.layers.intern(packet.layers, packet.layerCount));
  table.set(entry, t.PATH, packet.path);
  table.setDigits(entry, s.digits);
  if (kind === KIND_SYN_ACK) table.enlist(entry, t.LIST_LONE, s.clock.now + LONE_NANOS);
  else table.enlist(entry, t.LIST_LINGER, s.clock.now + s.timeoutNanos);
  countPayload(s, entry, packet, false);
  noteForCrossing(s, entry);
}

export function decideVerdict(s: Tracking, entry: number, verdict: number, answer: number): void {
  const table = s.table;
  table.setVerdict(entry, verdict);
  table.drop(entry, t.TRAIT_TIMED_OUT | t.TRAIT_QUIET);
  table.set(entry, t.ANSWER, answer);
  if (table.has(entry, t.TRAIT_INVALID_RESET)) compareInvalid(s, entry);
  watchWaits(s, entry);
  const isConversation = verdict === ACCEPTED || verdict === SIMULTANEOUS;
  table.enlist(entry, isConversation ? t.LIST_CONVERSATION : t.LIST_LINGER, s.clock.now + s.timeoutNanos);
  tellChanged(s, entry);
}

/** The number of the question that an answer is for: of a segment what it acknowledges, less one; of an ICMP error what it quotes. */
function numberAsked({ quote, acknowledgment }: PacketRecord): number {
  return quote === null ? (acknowledgment - 1) | 0 : quote.sequence | 0;
}
