import { describe, expect, it } from 'vitest';
import {
  ANOMALY_DATA_OFFSET_BEYOND,
  ANOMALY_DATA_OFFSET_SMALL,
  ANOMALY_OVERLAPPING_FRAGMENTS,
  ANOMALY_SNAPPED,
  CHECKSUM_BAD,
  CHECKSUM_GOOD,
  type PacketRecord,
} from '../../src/decode/packet.ts';
import { describeNotes } from '../../src/report/model/notes.ts';
import { CONTRADICTIONS, NOTES, type NoteId } from '../../src/words/notes.ts';
import { icmpError, type PlayOptions, play, type SegmentFields, segment, type Timed } from '../support/segments.ts';

/** Each sentence as a reader knows it again, whatever its numbers: none of them fits two. */
const SENTENCES: Readonly<Record<NoteId, RegExp>> = {
  questionEvicted: /^Its question had to leave the full table/,
  answerScope: /^The answer came through another VLAN or tunnel/,
  unseenSyn: /^The server's own SYN is not in the capture/,
  unseenSynAck: /^The SYN-ACK that accepted it is not in the capture; .* follows from frame \d+,/,
  splitOnly: /^In frame \d+ the client answers a SYN of the server's/,
  clientWentOn: /^From frame \d+ on the client acts as one that got a SYN-ACK/,
  serverAck: /^Frame \d+ acknowledges the SYN, but is no SYN-ACK/,
  clientResetUnseen: /^The client's own RST in frame \d+ shows that it got a SYN-ACK which the capture does not hold/,
  clientResetTold: /^The client's own RST in frame \d+ has the number/,
  clientGaveUp: /^The client gave its attempt up with the RST in frame \d+/,
  hiddenAnswer: /^The server sent frame \d+, whose flags the capture does not show/,
  lateStart: /^The handshake of this conversation is not in the capture/,
  lateSynAck: /^The SYN of this conversation is not in the capture, which begins with the SYN-ACK in frame \d+/,
  lateAnswer: /^What frame \d+ answers is not in the capture/,
  probeChecksum: /^The checksum of frame \d+ is wrong: a receiver drops such a segment without an answer/,
  probeChecksumSilent: /^The checksum of frame \d+ is wrong: .* the likely reason for the silence/,
  probeChecksumAnswered: /^The checksum of frame \d+ is wrong, and yet it was answered/,
  probeChecksumTrusted: /^The checksum of frame \d+ is wrong, and it was taken as good/,
  probeChecksumOnce: /^The checksum of frame \d+ is wrong, but not each time/,
  fastOpen: /^The SYN (asks for|has) a TCP Fast Open cookie/,
  dataTaken: /^The SYN-ACK acknowledges \d+ of the SYN's \d+ bytes? of data/,
  challenge: /^Frame \d+ is an ACK of something else/,
  challengeSynAck: /^Frame \d+ is a SYN-ACK that does not acknowledge the SYN/,
  challengeOther: /^Frame \d+ came back without SYN, RST and ACK/,
  answerChecksum: /^The checksum of the answer in frame \d+ is wrong: a receiver drops/,
  answerHeader: /^The data offset of the answer in frame \d+ is impossible/,
  answerChecksumTrusted: /^The checksum of the answer in frame \d+ is wrong, and it was taken as good/,
  icmpFromElsewhere: /^The ICMP error in frame \d+ comes from a router or firewall/,
  icmpTooBig: /^Frame \d+ says that the packet is too big/,
  icmpQuench: /^Frame \d+ is a source quench/,
  icmpRedirect: /^Frame \d+ is a redirect/,
  icmpOfServer: /^The ICMP error in frame \d+ is about a segment of the server's/,
  icmpShort: /^The ICMP error in frame \d+ quotes too little/,
  icmpOtherSegment: /^The ICMP error in frame \d+ does not quote the sequence number/,
  resetOfEarlier: /^The RST in frame \d+ acknowledges no SYN that the capture holds/,
  resetEarly: /^The RST in frame \d+ stands in the file before/,
  resetWithoutAck: /^The client must ignore the RST in frame \d+: it acknowledges nothing/,
  resetOff: /^The client must ignore the RST in frame \d+: it acknowledges the SYN's number [-+] \d+, not/,
  resetOutOfWindow: /^The client must ignore the RST in frame \d+: its sequence number is none/,
  resetText: /^The RST in frame \d+ says: "/,
  contradiction: /^Frame \d+ contradicts it: /,
  overlap: /^Its fragments overlap/,
  snapped: /^The capture cut a TCP header short/,
};

const ISN = 0x90000000;
const SERVER = 5000;
const ASK = '10.0.0.1:40000 > 10.0.0.2:0';
const REPLY = '10.0.0.2:0 > 10.0.0.1:40000';
let ipId = 0;
/** Each packet has an IP ID of its own: none is a copy of another. */
const c = (flags: string, fields: SegmentFields = {}) =>
  segment(ASK, flags, { sequence: ISN + 1, acknowledgment: SERVER + 1, ipId: ++ipId, ...fields });
const s = (flags: string, fields: SegmentFields = {}) =>
  segment(REPLY, flags, { sequence: SERVER + 1, acknowledgment: ISN + 1, ipId: ++ipId, ...fields });
const syn = (fields: SegmentFields = {}) => c('S', { sequence: ISN, acknowledgment: 0, ...fields });
const synAck = (fields: SegmentFields = {}) => s('SA', { sequence: SERVER, ...fields });
const refusal = (fields: SegmentFields = {}) => s('RA', { sequence: 0, ipId: 0, ...fields });
const data = { payloadLength: 5 };
const icmp = (type: number, code: number, quoted: PacketRecord, sequence?: number) =>
  icmpError('10.0.0.9', type, code, quoted, sequence === undefined ? {} : { sequence });

/** Changes a packet: what has no field in SegmentFields. */
function withFields(packet: PacketRecord, fields: Partial<PacketRecord>): PacketRecord {
  return Object.assign(packet, fields);
}
const bad = (packet: PacketRecord) => withFields(packet, { checksum: CHECKSUM_BAD });
const good = (packet: PacketRecord) => withFields(packet, { checksum: CHECKSUM_GOOD });
/** The capture ends before the flags. */
const cut = (packet: PacketRecord) =>
  withFields(packet, {
    flags: -1,
    acknowledgment: -1,
    window: -1,
    urgentPointer: -1,
    reservedBits: -1,
    payloadLength: -1,
    anomalies: ANOMALY_SNAPPED,
  });
/** The same, of which other fragments have the rest: no fault of the capture's. */
const badOffset = (packet: PacketRecord, anomalies = ANOMALY_DATA_OFFSET_SMALL) => withFields(packet, { anomalies });
const hidden = (packet: PacketRecord) => withFields(cut(packet), { anomalies: 0 });
const saying = (packet: PacketRecord, text: string) => {
  const start = packet.optionsEnd;
  const bytes = Uint8Array.from([...packet.bytes.subarray(0, start), ...Buffer.from(text)]);
  const end = bytes.length;
  return withFields(packet, { bytes, payloadOffset: start, payloadEnd: end, payloadLength: text.length });
};
const FAST_OPEN_REQUEST = [34, 2, 1, 1];
const FAST_OPEN_COOKIE = [34, 10, 1, 2, 3, 4, 5, 6, 7, 8, 1, 1];
const timestamps = (value: number) => [8, 10, 0, 0, 0, value, 0, 0, 0, 0, 1, 1];

interface Cause {
  readonly what: string;
  /** Half a second apart, unless they tell their time. */
  readonly packets: readonly (PacketRecord | Timed)[];
  /** The sentences on all its exchanges, in order; just the one that it is listed under by default. */
  readonly notes?: readonly NoteId[];
  readonly options?: PlayOptions;
}
const END = { end: 1000 };

/** For each sentence what gives cause for it, and for nothing else unless it says so. */
const CAUSES: Readonly<Record<NoteId, readonly Cause[]>> = {
  questionEvicted: [
    {
      what: 'an answer to what had to leave a table of one',
      packets: [syn(), segment('10.0.0.3:40000 > 10.0.0.2:0', 'S', { sequence: 7 }), refusal()],
      options: { maxExchanges: 1 },
    },
  ],
  answerScope: [
    { what: 'a question in one VLAN, the answer in another', packets: [syn({ scope: 1 }), refusal({ scope: 2 })] },
  ],
  unseenSyn: [
    {
      what: "the client's SYN-ACK of its own SYN, then data of the server",
      packets: [syn(), c('SA', { sequence: ISN }), c('A'), s('PA', data)],
    },
  ],
  unseenSynAck: [
    { what: 'data of the server', packets: [syn(), s('PA', data)] },
    { what: 'both ends going on', packets: [syn(), c('A'), c('PA', data), s('A', { acknowledgment: ISN + 6 })] },
    {
      what: 'both ends going on, a SYN-ACK of another number whose checksum is wrong',
      packets: [syn(), bad(synAck({ sequence: 9 })), c('A'), s('PA', data)],
      notes: ['unseenSynAck', 'answerChecksum'],
    },
  ],
  splitOnly: [{ what: "the client's SYN-ACK of its own SYN", packets: [syn(), c('SA', { sequence: ISN })] }],
  clientWentOn: [
    { what: "the client's half only", packets: [syn(), c('A'), c('PA', data), c('FA', { sequence: ISN + 6 })] },
    {
      what: 'the client going on, a SYN-ACK of another number whose checksum is wrong',
      packets: [syn(), bad(synAck({ sequence: 9 })), c('A')],
      notes: ['clientWentOn', 'answerChecksum'],
    },
    {
      what: 'the client going on, a lone ACK of the server',
      packets: [syn(), c('A'), s('A')],
      notes: ['clientWentOn', 'serverAck'],
    },
    { what: "the client's half with its RST", packets: [syn(), c('A'), c('RA')] },
  ],
  serverAck: [{ what: 'a lone ACK of the SYN', packets: [syn(), s('A')] }],
  clientResetUnseen: [{ what: 'a RST of the number behind the SYN', packets: [syn(), c('R', { acknowledgment: 0 })] }],
  clientResetTold: [
    {
      what: 'such a RST behind a SYN-ACK whose checksum is wrong',
      packets: [syn(), bad(synAck()), c('R', { acknowledgment: 0 })],
      notes: ['clientResetTold', 'answerChecksum'],
    },
  ],
  clientGaveUp: [
    { what: "a RST of the SYN's number", packets: [syn(), c('R', { sequence: ISN, acknowledgment: 0 })] },
    {
      what: 'a RST of the client behind a lone ACK',
      packets: [syn(), s('A'), c('R', { acknowledgment: 0 })],
      notes: ['serverAck', 'clientGaveUp'],
    },
  ],
  hiddenAnswer: [{ what: 'a segment of the server without its flags', packets: [syn(), hidden(s(''))] }],
  lateStart: [
    { what: 'data both ways', packets: [c('PA', data), s('PA', { ...data, acknowledgment: ISN + 6 })] },
    { what: "the client's data only", packets: [c('PA', data), c('PA', { ...data, sequence: ISN + 6 })] },
    { what: 'an ACK, then a FIN of the other end', packets: [c('A'), s('FA')] },
  ],
  lateSynAck: [
    { what: 'a SYN-ACK and the ACK for it', packets: [synAck(), c('A')] },
    { what: 'a SYN-ACK, idle, data', packets: [synAck(), [20, c('PA', data)]] },
  ],
  lateAnswer: [{ what: 'a RST, then data on', packets: [s('RA'), c('PA', data)] }],
  probeChecksum: [{ what: 'a SYN with a bad checksum, end of the capture', packets: [bad(syn())], options: {} }],
  probeChecksumSilent: [{ what: 'a SYN with a bad checksum, silence', packets: [bad(syn()), [0.6, bad(syn())]] }],
  probeChecksumAnswered: [{ what: 'a SYN with a bad checksum, a RST', packets: [bad(syn()), refusal()] }],
  probeChecksumTrusted: [
    { what: 'a SYN with a bad checksum, silence', packets: [bad(syn())], options: { ...END, trustsChecksums: true } },
    {
      what: 'a SYN with a bad checksum, a RST',
      packets: [bad(syn()), refusal()],
      options: { ...END, trustsChecksums: true },
    },
  ],
  probeChecksumOnce: [
    {
      what: 'a SYN with a bad checksum, the same with a good one, a RST',
      packets: [bad(syn()), good(syn()), refusal()],
    },
    { what: 'the same without an answer', packets: [bad(syn()), good(syn())] },
  ],
  fastOpen: [
    { what: 'a request for a cookie', packets: [syn({ options: FAST_OPEN_REQUEST })] },
    {
      what: 'a cookie and data, all taken',
      packets: [syn({ options: FAST_OPEN_COOKIE, payloadLength: 7 }), synAck({ acknowledgment: ISN + 8 })],
      notes: ['fastOpen', 'dataTaken'],
    },
  ],
  dataTaken: [{ what: 'a SYN with data, of which nothing is taken', packets: [syn({ payloadLength: 7 }), synAck()] }],
  challenge: [
    { what: 'an ACK of another number', packets: [syn(), s('A', { acknowledgment: 77 })] },
    {
      what: 'a lone ACK of the SYN, then an ACK of another number',
      packets: [syn(), s('A'), s('A', { acknowledgment: 77 })],
    },
    {
      what: 'an ACK of another number with a bad checksum, then one with a good one',
      packets: [syn(), bad(s('A', { acknowledgment: 78 })), s('A', { acknowledgment: 77 })],
      notes: ['challenge', 'answerChecksum'],
    },
  ],
  challengeSynAck: [{ what: 'a SYN-ACK of another number', packets: [syn(), synAck({ acknowledgment: 77 })] }],
  challengeOther: [{ what: 'a segment without ACK', packets: [syn(), s('P', { acknowledgment: 0 })] }],
  answerHeader: [
    { what: 'a SYN-ACK whose header would be of 16 bytes', packets: [syn(), badOffset(synAck())] },
    {
      what: 'a RST whose header would be longer than it, then a good one',
      packets: [syn(), badOffset(refusal(), ANOMALY_DATA_OFFSET_BEYOND), [0.6, refusal()]],
    },
  ],
  answerChecksum: [
    { what: 'a SYN-ACK with a bad checksum', packets: [syn(), bad(synAck())] },
    { what: 'a RST with a bad checksum, then a good one', packets: [syn(), bad(refusal()), [0.6, refusal()]] },
    { what: 'an ICMP error with a bad checksum', packets: [syn(), bad(icmp(3, 13, syn()))] },
  ],
  answerChecksumTrusted: [
    { what: 'a RST with a bad checksum', packets: [syn(), bad(refusal())], options: { ...END, trustsChecksums: true } },
    {
      what: 'a RST with a bad checksum that the client must ignore too',
      packets: [syn(), bad(refusal({ acknowledgment: ISN + 3 }))],
      notes: ['answerChecksumTrusted', 'resetOff'],
      options: { ...END, trustsChecksums: true },
    },
  ],
  icmpFromElsewhere: [{ what: 'an error of a router', packets: [syn(), icmp(3, 13, syn())] }],
  icmpTooBig: [{ what: 'fragmentation needed', packets: [syn(), icmp(3, 4, syn())] }],
  icmpQuench: [{ what: 'a source quench', packets: [syn(), icmp(4, 0, syn())] }],
  icmpRedirect: [{ what: 'a redirect', packets: [syn(), icmp(5, 1, syn())] }],
  icmpOfServer: [
    { what: "an error about the server's SYN-ACK", packets: [syn(), synAck(), icmp(3, 1, synAck())] },
    { what: "an error about the server's RST", packets: [syn(), refusal(), icmp(3, 1, refusal())] },
  ],
  icmpShort: [{ what: 'a quote of the ports only', packets: [syn(), icmp(3, 13, syn(), -1)] }],
  icmpOtherSegment: [
    { what: 'a quote of another number', packets: [syn(), icmp(3, 13, syn(), 77)] },
    {
      what: 'an error about data of the connection',
      packets: [syn(), synAck(), c('A'), c('PA', data), icmp(3, 1, c('PA', data))],
    },
  ],
  resetOfEarlier: [
    {
      what: 'a refusal of what was asked half a second before, then that of the SYN',
      packets: [syn(), refusal({ acknowledgment: ISN + 1 - 500_000 }), refusal()],
    },
  ],
  resetEarly: [
    {
      what: 'the RST of a conversation, recorded before its SYN-ACK',
      packets: [
        [0, syn()],
        [0.9, s('RA', { acknowledgment: ISN + 6 })],
        [0.1, synAck()],
      ],
    },
  ],
  resetWithoutAck: [{ what: 'a RST without ACK', packets: [syn(), s('R', { acknowledgment: 0 })] }],
  resetOff: [
    { what: 'a RST of a number ahead', packets: [syn(), refusal({ acknowledgment: ISN + 1000 })] },
    { what: 'the same before a SYN-ACK', packets: [syn(), refusal({ acknowledgment: ISN }), synAck({ ipId: 0 })] },
  ],
  resetOutOfWindow: [
    {
      what: 'a RST of a number far away, after the SYN-ACK',
      packets: [syn(), synAck(), c('A'), s('R', { sequence: SERVER - 0x30000000, acknowledgment: 0 })],
    },
  ],
  resetText: [{ what: 'a RST with text', packets: [syn(), saying(refusal(), 'go away')] }],
  contradiction: [
    { what: 'a RST, then a SYN-ACK', packets: [syn(), refusal(), synAck({ ipId: 0 })] },
    { what: 'a RST, then one of another TTL', packets: [syn(), refusal(), refusal({ ttl: 50 })] },
    { what: 'a RST, then one with an IP ID', packets: [syn(), refusal(), refusal({ ipId: 9 })] },
    { what: 'two SYN-ACKs of one stack', packets: [syn(), synAck(), synAck({ sequence: 9 })] },
    {
      what: 'two SYN-ACKs, the clock of the second behind',
      packets: [syn(), synAck({ options: timestamps(9) }), synAck({ options: timestamps(3), sequence: 9 })],
    },
    {
      what: 'a RST, then an ICMP error',
      packets: [syn(), refusal(), icmp(3, 13, syn())],
      notes: ['icmpFromElsewhere', 'contradiction'],
    },
    {
      what: 'a RST of another distance that the client must ignore, then a SYN-ACK',
      packets: [syn(), refusal({ acknowledgment: ISN + 1000, ttl: 50 }), synAck()],
      notes: ['resetOff', 'contradiction'],
    },
    {
      what: 'a RST, one of another TTL, and answers that are none',
      packets: [syn(), refusal(), refusal({ ttl: 50 }), icmp(3, 4, syn()), bad(synAck())],
      notes: ['icmpTooBig', 'answerChecksum', 'contradiction'],
    },
  ],
  overlap: [{ what: 'overlapping fragments', packets: [syn({ anomalies: ANOMALY_OVERLAPPING_FRAGMENTS })] }],
  snapped: [
    { what: 'a cut segment to port 0', packets: [cut(syn())] },
    { what: 'options that are cut', packets: [syn({ anomalies: ANOMALY_SNAPPED }), refusal()] },
    { what: 'a whole SYN, a cut answer', packets: [syn(), cut(s(''))], notes: ['hiddenAnswer', 'snapped'] },
  ],
};

/** What gives no cause for any. */
const PLAIN: readonly Cause[] = [
  { what: 'a SYN and its RST', packets: [syn(), refusal()] },
  { what: 'silence', packets: [syn(), [0.6, syn()]] },
  { what: 'a SYN, end of the capture', packets: [syn()], options: {} },
  { what: 'a whole conversation', packets: [syn(), synAck(), c('A'), s('PA', data), c('FA'), s('FA'), c('A')] },
  { what: 'a simultaneous open', packets: [syn(), s('S', { sequence: SERVER, acknowledgment: 0 }), synAck(), c('A')] },
  { what: 'an ICMP error of the host itself', packets: [syn(), icmpError('10.0.0.2', 3, 3, syn())] },
  {
    what: 'a stealth probe and its RST',
    packets: [c('F', { acknowledgment: 0 }), refusal({ acknowledgment: ISN + 2 })],
  },
  { what: 'backscatter', packets: [synAck(), [1, synAck()], [3, synAck()]] },
  { what: 'a lone RST', packets: [refusal()] },
  { what: 'a RST that the client sends on a SYN-ACK', packets: [syn(), synAck(), c('R', { acknowledgment: 0 })] },
];

function sentencesOn({ packets, options = END }: Cause): string[] {
  const timed = packets.map((packet, index): Timed => ('bytes' in packet ? [index / 2, packet] : packet));
  return play(timed, options).flatMap((exchange) =>
    describeNotes(exchange, exchange.probeEvidence, exchange.answerEvidence, exchange.otherAnswers),
  );
}

/** Which sentence it is: of all those that know it, just the one. */
function idsOf(sentences: readonly string[]): string[] {
  return sentences.map((sentence) => {
    const found = Object.entries(SENTENCES).filter(([, words]) => words.test(sentence));
    return found.length === 1 ? found[0]![0] : `${found.map(([id]) => id).join(' and ')}: ${sentence}`;
  });
}

const all = Object.entries(CAUSES).flatMap(([id, causes]) =>
  causes.map((cause) => [id as NoteId, cause.what, cause] as const),
);

describe('each cause has its sentence, and no other', () => {
  it.each(all)('%s: %s', (id, _, cause) => {
    expect(idsOf(sentencesOn(cause))).toEqual(cause.notes ?? [id]);
  });

  it.each(PLAIN.map((cause) => [cause.what, cause] as const))('none: %s', (_, cause) => {
    expect(sentencesOn(cause)).toEqual([]);
  });

  it('and every sentence has a cause, as every sign of another sender has', () => {
    const given = all.flatMap(([, , cause]) => sentencesOn(cause));
    expect(new Set(idsOf(given))).toEqual(new Set(Object.keys(NOTES)));
    const signs = [
      /it says \S+ where/,
      /another address/,
      /its TTL is/,
      /its IP ID is/,
      /timestamp is older/,
      /initial/,
    ];
    expect(signs).toHaveLength(Object.keys(CONTRADICTIONS).length);
    for (const sign of signs) expect(given.some((sentence) => sign.test(sentence))).toBe(true);
  });

  it('with numbers of frames that the capture has', () => {
    for (const [, what, cause] of all) {
      for (const sentence of sentencesOn(cause)) {
        for (const [, frame] of sentence.matchAll(/frame (\d+)/gi))
          expect(Number(frame), what).toBeLessThanOrEqual(cause.packets.length);
      }
    }
  });
});
