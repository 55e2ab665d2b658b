import { ACK, ANOMALY_OVERLAPPING_FRAGMENTS, ANOMALY_SNAPPED, RST } from '../../decode/packet.ts';
import { parseTcpOptions } from '../../decode/transport/tcp-options.ts';
import type { Exchange, SegmentEvidence } from '../../track/exchange.ts';
import { escapeBytes } from '../../words/escape.ts';
import { guessHops } from './fingerprint.ts';

/**
 * Sentences on what the evidence says beyond the verdict. They hold numbers and our own words only, and text of a payload
 * with everything harmful spelled out.
 */
export function describeNotes(
  exchange: Exchange,
  probe: SegmentEvidence | null,
  answer: SegmentEvidence | null,
  others: readonly SegmentEvidence[],
): string[] {
  const notes: string[] = [];
  const answers = answer === null ? others : [answer, ...others];

  if (exchange.questionEvicted)
    notes.push('Its question had to leave the full table before this answer came: --max-exchanges was too small.');
  if (exchange.answerScope !== null)
    notes.push(
      'The answer came through another VLAN or tunnel than the question: the two directions run through different ones.',
    );
  notes.push(...describeSigns(exchange));
  if (probe !== null) notes.push(...describeProbe(exchange, probe, answer));
  if (exchange.verdict === 'challenged' && answer !== null)
    notes.push(
      `Frame ${answer.frame} is an ACK of something else: a challenge ACK (RFC 5961 section 4) or the leftover of an ` +
        'older connection, so the server took the SYN for part of a connection that it still had.',
    );
  for (const segment of answers) notes.push(...describeAnswer(exchange, probe, segment));
  if (exchange.conflicting && answer !== null)
    for (const other of others) {
      const note = describeConflict(answer, other);
      if (note !== null) notes.push(note);
    }
  if (exchange.anomalies & ANOMALY_OVERLAPPING_FRAGMENTS)
    notes.push('Its fragments overlap: stacks differ in which of them they believe; here the first data wins.');
  if (exchange.anomalies & ANOMALY_SNAPPED)
    notes.push('The capture cut a TCP header short: what is missing was not guessed.');
  return notes;
}

/** What stands for an answer that the capture does not hold. A sentence for each cause, and none for what is not there. */
function describeSigns(exchange: Exchange): string[] {
  const notes: string[] = [];
  const { inferred, clientWentOn, clientReset, serverAck, split, hidden } = exchange.signs;
  if (exchange.inferred && exchange.verdict === 'simultaneous')
    notes.push(
      `The server's own SYN is not in the capture; that there was one follows from frame ${split}, in which the client answers it, and ` +
        `frame ${inferred}, in which the server goes on.`,
    );
  else if (exchange.inferred)
    notes.push(
      `The SYN-ACK is not in the capture; that there was one follows from frame ${inferred}, in which the server talks as one ` +
        'that has accepted.',
    );
  if (exchange.underWay && exchange.answerFrame === null)
    notes.push('The conversation was under way when the capture began: its handshake is not in the capture.');
  if (exchange.verdict !== 'undecided') return notes;
  if (split !== null)
    notes.push(
      `In frame ${split} the client answers a SYN of the server's (a split handshake) that the capture does not hold; nothing shows ` +
        'that the server went on.',
    );
  else if (clientWentOn !== null)
    notes.push(
      `From frame ${clientWentOn} on the client acts as one that got a SYN-ACK; of the server the capture holds nothing that ` +
        'shows it.',
    );
  if (serverAck !== null)
    notes.push(
      `Frame ${serverAck} acknowledges the SYN, but is no SYN-ACK, and alone it does not show that the server has accepted.`,
    );
  if (clientReset !== null && clientWentOn === null)
    notes.push(
      exchange.unseenAnswer && serverAck === null
        ? `The client's own RST in frame ${clientReset} shows that it got a SYN-ACK which the capture does not hold.`
        : `The client gave its attempt up with the RST in frame ${clientReset}.`,
    );
  if (hidden)
    notes.push('The server sent a segment whose flags the capture does not show: it may have been the answer.');
  return notes;
}

function describeProbe(exchange: Exchange, probe: SegmentEvidence, answer: SegmentEvidence | null): string[] {
  const notes: string[] = [];
  if (probe.checksumBad) {
    if (exchange.verdict === 'silent' || exchange.verdict === 'undecided')
      notes.push(`The TCP checksum of frame ${probe.frame} is wrong: the likely reason for the silence.`);
    else if (answer !== null)
      notes.push(
        `The TCP checksum of frame ${probe.frame} is wrong, and yet it was answered: by something that does not check it.`,
      );
  }
  const cookie = parseTcpOptions(probe.options).fastOpenCookie;
  if (cookie !== null) {
    const data = (probe.payloadLength ?? 0) > 0 ? ` and carries ${bytes(probe.payloadLength!)}` : '';
    notes.push(`The SYN ${cookie.length === 0 ? 'asks for' : 'has'} a TCP Fast Open cookie (RFC 7413)${data}.`);
  }
  // RFC 7413 §4.2.2: a server that takes the data acknowledges it in the SYN-ACK.
  if (answer?.kind === 'syn-ack' && (probe.payloadLength ?? 0) > 0 && hasNumbers(probe, answer)) {
    const taken = (answer.acknowledgment! - probe.sequence! - 1) >>> 0;
    if (taken <= probe.payloadLength!)
      notes.push(`The SYN-ACK acknowledges ${taken} of the SYN's ${bytes(probe.payloadLength!)}.`);
  }
  return notes;
}

function describeAnswer(exchange: Exchange, probe: SegmentEvidence | null, answer: SegmentEvidence): string[] {
  const notes: string[] = [];
  const isReset = answer.flags !== null && (answer.flags & RST) !== 0;
  if (answer.checksumBad && !answer.acceptable)
    notes.push(
      `The checksum of the answer in frame ${answer.frame} is wrong: the client will have dropped it, so it settles nothing.`,
    );
  else {
    if (answer.checksumBad)
      notes.push(
        `The checksum of the answer in frame ${answer.frame} is wrong, and it was taken as good all the same.`,
      );
    if (answer.kind === 'icmp') notes.push(...describeIcmp(exchange, answer));
    if (answer.ofOther)
      notes.push(
        `The RST in frame ${answer.frame} acknowledges no SYN that the capture holds, and looks like the refusal of an earlier attempt: ` +
          'its TTL, IP ID and window are those of the stack that refused a later one, and its number is as far behind as it came before.',
      );
    else if (isReset && !answer.acceptable) notes.push(describeInvalidReset(probe, answer));
  }
  if (isReset && answer.payload.length > 0)
    notes.push(`The RST in frame ${answer.frame} says: "${escapeBytes(answer.payload)}".`);
  return notes;
}

function describeIcmp(exchange: Exchange, answer: SegmentEvidence): string[] {
  if (answer.acceptable) {
    if (Buffer.compare(answer.source, exchange.serverAddress) === 0) return [];
    return [`The ICMP error in frame ${answer.frame} comes from a router or firewall on the way, not from the server.`];
  }
  const isIpv4 = exchange.ipVersion === 4;
  // RFC 792: 3/4 is path MTU discovery (RFC 1191), 4/0 source quench. RFC 4443: 2/0 is packet too big.
  if (isIpv4 ? answer.icmpType === 3 && answer.icmpCode === 4 : answer.icmpType === 2)
    return [`Frame ${answer.frame} says that the packet is too big for the way, which is no answer.`];
  if (isIpv4 && answer.icmpType === 4) return [`Frame ${answer.frame} is a source quench, which is no answer.`];
  return [
    `The ICMP error in frame ${answer.frame} does not quote the segment's sequence number, so a client ignores it ` +
      '(RFC 5927 section 4.1).',
  ];
}

function describeInvalidReset(probe: SegmentEvidence | null, reset: SegmentEvidence): string {
  const start = `The client must ignore the RST in frame ${reset.frame}`;
  // RFC 9293 §3.10.7.3: in SYN-SENT a RST counts only if its ACK is acceptable.
  const why = 'RFC 9293 section 3.10.7.3';
  if (reset.flags !== null && (reset.flags & ACK) === 0) return `${start}: it acknowledges nothing (${why}).`;
  if (probe !== null && hasNumbers(probe, reset)) {
    const off = (reset.acknowledgment! - probe.sequence!) | 0;
    return `${start}: it acknowledges the SYN's number ${off < 0 ? '-' : '+'} ${Math.abs(off)}, not the SYN (${why}).`;
  }
  return `${start} (${why}).`;
}

/** What tells two senders apart; null when nothing does. */
function describeConflict(first: SegmentEvidence, other: SegmentEvidence): string | null {
  const signs: string[] = [];
  if (first.kind !== other.kind || first.reason !== other.reason)
    signs.push(`it says ${other.reason} where frame ${first.frame} says ${first.reason}`);
  if (Buffer.compare(first.source, other.source) !== 0) signs.push('it comes from another address');
  else {
    if (first.ttl !== other.ttl)
      signs.push(
        `its TTL is ${other.ttl} (about ${guessHops(other.ttl) ?? '?'} hops), not ${first.ttl} (${guessHops(first.ttl) ?? '?'})`,
      );
    if (first.ipId !== null && other.ipId !== null && (first.ipId === 0) !== (other.ipId === 0))
      signs.push(`its IP ID is ${other.ipId}, not ${first.ipId}`);
    const before = parseTcpOptions(first.options).timestamp;
    const after = parseTcpOptions(other.options).timestamp;
    // RFC 7323 §5.4: a host's timestamp clock does not run backwards within a connection.
    if (before !== null && after !== null && ((after.value - before.value) | 0) < 0)
      signs.push('its TCP timestamp is older');
  }
  return signs.length === 0 ? null : `Frame ${other.frame} contradicts it: ${signs.join('; ')}.`;
}

function hasNumbers(probe: SegmentEvidence, answer: SegmentEvidence): boolean {
  return probe.sequence !== null && answer.acknowledgment !== null;
}

function bytes(count: number): string {
  return `${count} ${count === 1 ? 'byte' : 'bytes'} of data`;
}
