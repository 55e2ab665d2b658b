import { ACK, ANOMALY_OVERLAPPING_FRAGMENTS, ANOMALY_SNAPPED, RST } from '../../decode/packet.ts';
import { parseTcpOptions } from '../../decode/transport/tcp-options.ts';
import type { Exchange, SegmentEvidence } from '../../track/exchange.ts';
import { escapeBytes } from '../../words/escape.ts';
import { CONTRADICTIONS, NOTES } from '../../words/notes.ts';
import { guessHops } from './fingerprint.ts';

/** Sentences on what the evidence says beyond the verdict: which of them an exchange gives cause for. */
export function describeNotes(
  exchange: Exchange,
  probe: SegmentEvidence | null,
  answer: SegmentEvidence | null,
  others: readonly SegmentEvidence[],
): string[] {
  const notes: string[] = [];
  const answers = answer === null ? others : [answer, ...others];

  if (exchange.questionEvicted) notes.push(NOTES.questionEvicted());
  if (exchange.answerScope !== null) notes.push(NOTES.answerScope());
  if (exchange.underWay) notes.push(describeLateStart(answer));
  notes.push(...describeSigns(exchange, others));
  if (probe !== null) notes.push(...describeProbe(exchange, probe, answer));
  if (exchange.verdict === 'challenged' && answer !== null) notes.push(describeChallenge(answer));
  for (const segment of answers) notes.push(...describeAnswer(exchange, probe, answer, segment));
  if (exchange.conflicting && answer !== null)
    for (const other of others) {
      const note = contradicts(exchange, answer, other) ? describeConflict(answer, other) : null;
      if (note !== null) notes.push(note);
    }
  if (exchange.anomalies & ANOMALY_OVERLAPPING_FRAGMENTS) notes.push(NOTES.overlap());
  if (exchange.anomalies & ANOMALY_SNAPPED) notes.push(NOTES.snapped());
  return notes;
}

function describeLateStart(answer: SegmentEvidence | null): string {
  if (answer === null) return NOTES.lateStart();
  return answer.kind === 'syn-ack' ? NOTES.lateSynAck(answer.frame) : NOTES.lateAnswer(answer.frame);
}

/** What stands for an answer that the capture does not hold. */
function describeSigns(exchange: Exchange, others: readonly SegmentEvidence[]): string[] {
  const notes: string[] = [];
  const { inferred, clientWentOn, clientReset, serverAck, split, hidden } = exchange.signs;
  if (exchange.inferred && inferred !== null)
    notes.push(
      exchange.verdict === 'simultaneous' && split !== null
        ? NOTES.unseenSyn(split, inferred)
        : NOTES.unseenSynAck(inferred),
    );
  if (exchange.verdict !== 'undecided') return notes;
  if (split !== null) notes.push(NOTES.splitOnly(split));
  else if (clientWentOn !== null) notes.push(NOTES.clientWentOn(clientWentOn));
  if (serverAck !== null) notes.push(NOTES.serverAck(serverAck));
  if (clientReset !== null && clientWentOn === null) {
    const isToldOf = others.some(({ kind }) => kind === 'syn-ack');
    if (!exchange.unseenAnswer || serverAck !== null) notes.push(NOTES.clientGaveUp(clientReset));
    else notes.push(isToldOf ? NOTES.clientResetTold(clientReset) : NOTES.clientResetUnseen(clientReset));
  }
  if (hidden !== null) notes.push(NOTES.hiddenAnswer(hidden));
  return notes;
}

function describeProbe(exchange: Exchange, probe: SegmentEvidence, answer: SegmentEvidence | null): string[] {
  const notes: string[] = [];
  if (probe.checksumBad) {
    if (exchange.sentSound) notes.push(NOTES.probeChecksumOnce(probe.frame));
    else if (exchange.trustsChecksums) notes.push(NOTES.probeChecksumTrusted(probe.frame));
    else if (answer !== null) notes.push(NOTES.probeChecksumAnswered(probe.frame));
    else if (exchange.verdict === 'silent') notes.push(NOTES.probeChecksumSilent(probe.frame));
    else notes.push(NOTES.probeChecksum(probe.frame));
  }
  const cookie = parseTcpOptions(probe.options).fastOpenCookie;
  if (cookie !== null) notes.push(NOTES.fastOpen(cookie.length, probe.payloadLength ?? 0));
  // RFC 7413 §4.2.2: a server that takes the data acknowledges it in the SYN-ACK.
  if (answer?.kind === 'syn-ack' && (probe.payloadLength ?? 0) > 0 && hasNumbers(probe, answer)) {
    const taken = (answer.acknowledgment! - probe.sequence! - 1) >>> 0;
    if (taken <= probe.payloadLength!) notes.push(NOTES.dataTaken(taken, probe.payloadLength!));
  }
  return notes;
}

function describeChallenge(answer: SegmentEvidence): string {
  if (answer.kind === 'ack') return NOTES.challenge(answer.frame);
  return answer.kind === 'syn-ack' ? NOTES.challengeSynAck(answer.frame) : NOTES.challengeOther(answer.frame);
}

function describeAnswer(
  exchange: Exchange,
  probe: SegmentEvidence | null,
  settling: SegmentEvidence | null,
  answer: SegmentEvidence,
): string[] {
  const notes: string[] = [];
  const isReset = answer.flags !== null && (answer.flags & RST) !== 0;
  if (answer.headerBad && !answer.acceptable) notes.push(NOTES.answerHeader(answer.frame));
  else if (answer.checksumBad && !answer.acceptable && !exchange.trustsChecksums)
    notes.push(NOTES.answerChecksum(answer.frame));
  else {
    if (answer.checksumBad) notes.push(NOTES.answerChecksumTrusted(answer.frame));
    if (answer.kind === 'icmp') {
      const note = describeIcmp(exchange, probe, answer);
      if (note !== null) notes.push(note);
    }
    if (answer.early) notes.push(NOTES.resetEarly(answer.frame));
    else if (answer.ofOther) notes.push(NOTES.resetOfEarlier(answer.frame));
    else if (isReset && !answer.acceptable) {
      const note = describeInvalidReset(exchange, probe, settling, answer);
      if (note !== null) notes.push(note);
    }
  }
  if (isReset && answer.payload.length > 0) notes.push(NOTES.resetText(answer.frame, escapeBytes(answer.payload)));
  return notes;
}

function describeIcmp(exchange: Exchange, probe: SegmentEvidence | null, answer: SegmentEvidence): string | null {
  const { frame } = answer;
  if (answer.acceptable)
    return Buffer.compare(answer.source, exchange.serverAddress) === 0 ? null : NOTES.icmpFromElsewhere(frame);
  if (answer.quotesServer) return NOTES.icmpOfServer(frame);
  const isIpv4 = exchange.ipVersion === 4;
  // RFC 792: 3/4 is path MTU discovery (RFC 1191), 4/0 source quench, 5 redirect. RFC 4443: 2/0 is packet too big.
  if (isIpv4 ? answer.icmpType === 3 && answer.icmpCode === 4 : answer.icmpType === 2) return NOTES.icmpTooBig(frame);
  if (isIpv4 && answer.icmpType === 4) return NOTES.icmpQuench(frame);
  if (isIpv4 && answer.icmpType === 5) return NOTES.icmpRedirect(frame);
  if (answer.quotedSequence === null) return NOTES.icmpShort(frame);
  return answer.quotedSequence === probe?.sequence ? null : NOTES.icmpOtherSegment(frame);
}

function describeInvalidReset(
  exchange: Exchange,
  probe: SegmentEvidence | null,
  settling: SegmentEvidence | null,
  reset: SegmentEvidence,
): string | null {
  const { frame } = reset;
  const isOpen = exchange.verdict === 'accepted' || exchange.verdict === 'simultaneous';
  const opened = settling?.frame ?? exchange.signs.inferred;
  // Once it is established, the sequence number decides; in SYN-SENT a RST counts only if its ACK is acceptable.
  if (isOpen && opened !== null && opened < frame) return NOTES.resetOutOfWindow(frame);
  if (reset.flags !== null && (reset.flags & ACK) === 0) return NOTES.resetWithoutAck(frame);
  if (probe === null || !hasNumbers(probe, reset)) return null;
  return NOTES.resetOff(frame, (reset.acknowledgment! - probe.sequence!) | 0);
}

/** Of what came besides, what counts as an answer of somebody: of RSTs that the client must ignore those from another distance. */
function contradicts({ trustsChecksums }: Exchange, first: SegmentEvidence, other: SegmentEvidence): boolean {
  if (other.acceptable) return true;
  if ((other.checksumBad && !trustsChecksums) || other.headerBad || other.ofOther) return false;
  return other.kind === 'reset' && first.kind !== 'icmp' && first.ttl !== other.ttl;
}

/** What tells two senders apart; null when nothing does. */
function describeConflict(first: SegmentEvidence, other: SegmentEvidence): string | null {
  const signs: string[] = [];
  if (first.kind !== other.kind || first.reason !== other.reason)
    signs.push(CONTRADICTIONS.kind(other.reason, first.frame, first.reason));
  if (Buffer.compare(first.source, other.source) !== 0) signs.push(CONTRADICTIONS.address());
  else {
    if (first.ttl !== other.ttl)
      signs.push(
        CONTRADICTIONS.ttl(other.ttl, `${guessHops(other.ttl) ?? '?'}`, first.ttl, `${guessHops(first.ttl) ?? '?'}`),
      );
    if (first.ipId !== null && other.ipId !== null && (first.ipId === 0) !== (other.ipId === 0))
      signs.push(CONTRADICTIONS.ipId(other.ipId, first.ipId));
    if (first.kind === 'syn-ack' && other.kind === 'syn-ack' && first.sequence !== other.sequence)
      signs.push(CONTRADICTIONS.isn());
    const before = parseTcpOptions(first.options).timestamp;
    const after = parseTcpOptions(other.options).timestamp;
    // RFC 7323 §5.4: a host's timestamp clock does not run backwards within a connection.
    if (before !== null && after !== null && ((after.value - before.value) | 0) < 0)
      signs.push(CONTRADICTIONS.timestamp());
  }
  return signs.length === 0 ? null : NOTES.contradiction(other.frame, signs);
}

function hasNumbers(probe: SegmentEvidence, answer: SegmentEvidence): boolean {
  return probe.sequence !== null && answer.acknowledgment !== null;
}
