import { formatCount, formatNumber } from './numbers.ts';

/**
 * What the evidence of an exchange says beyond its verdict: one cause, one sentence. A sentence claims what stands in the capture,
 * or follows from it by the RFC that it names, and nothing else. They hold numbers and our own words only; `text` has
 * been escaped.
 */
export const NOTES = {
  questionEvicted: () =>
    'Its question had to leave the full table before this answer came: --max-exchanges was too small.',
  answerScope: () =>
    'The answer came through another VLAN or tunnel than the question: the two directions run through different ones.',

  // Answers that were not captured.
  unseenSyn: (split: number, goesOn: number) =>
    `The server's own SYN is not in the capture; that there was one follows from frame ${split}, in which the client answers it, and ` +
    `frame ${goesOn}, in which the server goes on.`,
  unseenSynAck: (frame: number) =>
    `The SYN-ACK that accepted it is not in the capture; that there was one follows from frame ${frame}, in which the server talks as ` +
    'one that has accepted.',
  splitOnly: (frame: number) =>
    `In frame ${frame} the client answers a SYN of the server's (a split handshake) that the capture does not hold; nothing shows that ` +
    'the server went on.',
  clientWentOn: (frame: number) =>
    `From frame ${frame} on the client acts as one that got a SYN-ACK; nothing that the capture holds of the server confirms it.`,
  serverAck: (frame: number) =>
    `Frame ${frame} acknowledges the SYN, but is no SYN-ACK, and alone it does not show that the server has accepted.`,
  clientResetUnseen: (frame: number) =>
    `The client's own RST in frame ${frame} shows that it got a SYN-ACK which the capture does not hold.`,
  clientResetTold: (frame: number) =>
    `The client's own RST in frame ${frame} has the number that only an acknowledgment of its SYN gives it (RFC 9293 section 3.10.7.1).`,
  clientGaveUp: (frame: number) => `The client gave its attempt up with the RST in frame ${frame}.`,
  hiddenAnswer: (frame: number) =>
    `The server sent frame ${frame}, whose flags the capture does not show: it may have been the answer.`,

  // Late starts.
  lateStart: () => 'The handshake of this conversation is not in the capture, which began after it or lost it.',
  lateSynAck: (frame: number) =>
    `The SYN of this conversation is not in the capture, which begins with the SYN-ACK in frame ${frame}, or lost it.`,
  lateAnswer: (frame: number) =>
    `What frame ${frame} answers is not in the capture; what followed shows that it was part of a conversation.`,

  // The question.
  probeChecksum: (frame: number) =>
    `The checksum of frame ${frame} is wrong: a receiver drops such a segment without an answer (RFC 9293 section 3.1).`,
  probeChecksumSilent: (frame: number) =>
    `The checksum of frame ${frame} is wrong: a receiver drops such a segment, the likely reason for the silence.`,
  probeChecksumAnswered: (frame: number) =>
    `The checksum of frame ${frame} is wrong, and yet it was answered: by something that does not check it.`,
  probeChecksumTrusted: (frame: number) =>
    `The checksum of frame ${frame} is wrong, and it was taken as good all the same.`,
  probeChecksumOnce: (frame: number) =>
    `The checksum of frame ${frame} is wrong, but not each time that the segment was sent.`,
  fastOpen: (cookieLength: number, payloadLength: number) =>
    `The SYN ${cookieLength === 0 ? 'asks for' : 'has'} a TCP Fast Open cookie (RFC 7413)` +
    `${payloadLength > 0 ? ` and carries ${bytes(payloadLength)}` : ''}.`,
  dataTaken: (taken: number, sent: number) =>
    `The SYN-ACK acknowledges ${formatNumber(taken)} of the SYN's ${bytes(sent)}.`,

  // Answers that are none, or odd.
  challenge: (frame: number) =>
    `Frame ${frame} is an ACK of something else: a challenge ACK (RFC 5961 section 4) or the leftover of an older connection, so the ` +
    'server took the SYN for part of a connection that it still had.',
  challengeSynAck: (frame: number) =>
    `Frame ${frame} is a SYN-ACK that does not acknowledge the SYN: the client must answer it with a RST and go on waiting (RFC 9293 ` +
    'section 3.10.7.3).',
  challengeOther: (frame: number) =>
    `Frame ${frame} came back without SYN, RST and ACK: the client must ignore it (RFC 9293 section 3.10.7.3).`,
  answerChecksum: (frame: number) =>
    `The checksum of the answer in frame ${frame} is wrong: a receiver drops such a packet, so it settles nothing.`,
  answerHeader: (frame: number) =>
    `The data offset of the answer in frame ${frame} is impossible: a receiver drops such a packet, so it settles nothing.`,
  answerChecksumTrusted: (frame: number) =>
    `The checksum of the answer in frame ${frame} is wrong, and it was taken as good all the same.`,
  icmpFromElsewhere: (frame: number) =>
    `The ICMP error in frame ${frame} comes from a router or firewall on the way, not from the server.`,
  icmpTooBig: (frame: number) => `Frame ${frame} says that the packet is too big for the way, which is no answer.`,
  icmpQuench: (frame: number) => `Frame ${frame} is a source quench, which is no answer.`,
  icmpRedirect: (frame: number) => `Frame ${frame} is a redirect to another router, which is no answer.`,
  icmpOfServer: (frame: number) =>
    `The ICMP error in frame ${frame} is about a segment of the server's, so it is no answer to the client.`,
  icmpShort: (frame: number) =>
    `The ICMP error in frame ${frame} quotes too little to tell the segment that it is about, so a client ignores it (RFC 5927 section 4.1).`,
  icmpOtherSegment: (frame: number) =>
    `The ICMP error in frame ${frame} does not quote the sequence number of the opening segment, so it is no answer to that ` +
    '(RFC 5927 section 4.1).',
  resetOfEarlier: (frame: number) =>
    `The RST in frame ${frame} acknowledges no SYN that the capture holds, and looks like the refusal of an earlier attempt: its TTL, IP ID ` +
    'and window are those of the stack that refused a later one, and its number is as far behind as it came before.',
  resetEarly: (frame: number) =>
    `The RST in frame ${frame} stands in the file before the segment that it follows: by its time stamp it was later.`,
  resetWithoutAck: (frame: number) =>
    `The client must ignore the RST in frame ${frame}: it acknowledges nothing (RFC 9293 section 3.10.7.3).`,
  resetOff: (frame: number, off: number) =>
    `The client must ignore the RST in frame ${frame}: it acknowledges the SYN's number ${off < 0 ? '-' : '+'} ${Math.abs(off)}, not ` +
    'the SYN (RFC 9293 section 3.10.7.3).',
  resetOutOfWindow: (frame: number) =>
    `The client must ignore the RST in frame ${frame}: its sequence number is none that the connection has come to (RFC 9293 section ` +
    '3.10.7.4).',
  resetText: (frame: number, text: string) => `The RST in frame ${frame} says: "${text}".`,
  contradiction: (frame: number, signs: readonly string[]) => `Frame ${frame} contradicts it: ${signs.join('; ')}.`,

  // What the packets were like.
  overlap: () => 'Its fragments overlap: stacks differ in which of them they believe; here the first data wins.',
  snapped: () => 'The capture cut a TCP header short: what is missing was not guessed.',
} as const;

export type NoteId = keyof typeof NOTES;

/** Why one answer cannot have the sender of another: parts of NOTES.contradiction. */
export const CONTRADICTIONS = {
  kind: (reason: string, frame: number, other: string) => `it says ${reason} where frame ${frame} says ${other}`,
  address: () => 'it comes from another address',
  ttl: (ttl: number, hops: string, otherTtl: number, otherHops: string) =>
    `its TTL is ${ttl} (about ${hops} hops), not ${otherTtl} (${otherHops})`,
  ipId: (ipId: number, other: number) => `its IP ID is ${ipId}, not ${other}`,
  timestamp: () => 'its TCP timestamp is older',
  isn: () => 'its initial sequence number is another',
} as const;

function bytes(count: number): string {
  return `${formatCount(count, 'byte')} of data`;
}
