import { describe, expect, it } from 'vitest';
import { type DescribeContext, describeExchange } from '../../src/report/model/describe.ts';
import type { Exchange, SegmentEvidence } from '../../src/track/exchange.ts';
import { addressBytes, makeEvidence, makeExchange, makeTime } from '../support/exchange.ts';
import { partErrors } from './schema.ts';

const context: DescribeContext = {
  input: 2,
  id: 7,
  scopeName: (scope) => (scope === 0 ? '' : `vlan ${scope}`),
  communityIdSeed: 0,
};
const probe = makeEvidence({
  frame: 1,
  time: makeTime(0),
  source: addressBytes('192.0.2.1'),
  kind: 'probe',
  flags: 0x02,
  sequence: 1000,
  acknowledgment: 0,
  window: 64_240,
  reason: 'probe',
  ipId: 4711,
});
const reset = makeEvidence({ acknowledgment: 1001 });

const describeWith = (fields: Parameters<typeof makeExchange>[0]) =>
  describeExchange(makeExchange({ probeEvidence: probe, answerEvidence: reset, ...fields }), context);
const notesOf = (fields: Parameters<typeof makeExchange>[0]) => describeWith(fields).evidence.notes.join('\n');

describe('describeExchange', () => {
  it('gives the object of the contract, its keys in order', () => {
    const report = describeWith({ latencyNanos: 43_000, scope: 5, layers: Uint8Array.of(1, 8, 10) });
    expect(partErrors('exchange', report)).toEqual([]);
    expect(Object.keys(report).join(' ')).toBe(
      'id input client server portZero probe verdict state reason inferred lateStart answeredBy started answered latencyMs retransmissions ' +
        'frames established bytesToServer bytesToClient close layers scope answerScope communityId anomalies evidence',
    );
    expect(report).toMatchObject({
      id: 7,
      input: 2,
      client: { address: '192.0.2.1', port: 40_000 },
      server: { address: '198.51.100.7', port: 0 },
      answeredBy: '198.51.100.7',
      started: '2026-11-21T06:00:00.000000Z',
      answered: '2026-11-21T06:00:00.001000Z',
      latencyMs: 0.043,
      frames: { probe: 1, answer: 2, all: [1, 2], count: 2, omitted: 0 },
      layers: ['ethernet', 'ipv4', 'tcp'],
      scope: 'vlan 5',
    });
    expect(report.evidence.probe).toMatchObject({ flags: 'SYN', hops: 0, fingerprint: null, payloadText: null });
    expect(report.evidence.answer).toMatchObject({
      flags: 'RST,ACK',
      fingerprint: 'R=Y%DF=Y%T=40%W=0%S=Z%A=S+%F=AR%O=%RD=0%Q=',
    });
    expect(report.evidence.notes).toEqual([]);
  });

  it('keeps nothing of the view, which the tracker uses again', () => {
    const frames = [1, 2];
    const layers = Uint8Array.of(8);
    const report = describeWith({ frames, layers });
    const before = JSON.stringify(report);
    frames.push(99);
    layers[0] = 9;
    expect(JSON.stringify(report)).toBe(before);
  });

  it('describes IPv6, silence and an unsolicited answer', () => {
    const silent = describeWith({
      client: '2001:db8::1',
      server: '2001:db8::2',
      verdict: 'silent',
      state: 'filtered',
      reason: 'no-response',
      probeEvidence: { ...probe, source: addressBytes('2001:db8::1'), ipId: null },
      answerEvidence: null,
    });
    expect(partErrors('exchange', silent)).toEqual([]);
    expect(silent).toMatchObject({ server: { address: '2001:db8::2' }, answered: null, latencyMs: null });
    const backscatter = describeWith({
      verdict: 'unsolicited',
      state: 'unknown',
      reason: null,
      probe: null,
      probeFrame: null,
      probeEvidence: null,
    });
    expect(partErrors('exchange', backscatter)).toEqual([]);
    expect(backscatter.evidence.answer?.fingerprint).toBeNull();
  });

  it('names every anomaly and every flag', () => {
    const report = describeWith({ anomalies: 0x3ff, probeEvidence: { ...probe, flags: 0x1ff } });
    expect(partErrors('exchange', report)).toEqual([]);
    expect(report.anomalies).toHaveLength(10);
    expect(report.evidence.probe?.flags).toBe('FIN,SYN,RST,PSH,ACK,URG,ECE,CWR,AE');
    expect(describeWith({ probeEvidence: { ...probe, flags: 0 } }).evidence.probe?.flags).toBe('none');
  });

  it('gives ICMP errors as such', () => {
    const icmp: SegmentEvidence = {
      ...reset,
      kind: 'icmp',
      source: addressBytes('192.0.2.254'),
      flags: null,
      sequence: null,
      acknowledgment: null,
      window: null,
      payloadLength: null,
      icmpType: 3,
      icmpCode: 13,
      reason: 'admin-prohibited',
    };
    const report = describeWith({
      verdict: 'unreachable',
      state: 'filtered',
      reason: 'admin-prohibited',
      answerEvidence: icmp,
    });
    expect(partErrors('exchange', report)).toEqual([]);
    expect(report.evidence.answer).toMatchObject({ icmp: { type: 3, code: 13 }, flags: null, source: '192.0.2.254' });
    expect(report.evidence.notes.join()).toMatch(/frame 2 comes from a router or firewall/);
  });
});

describe('notes', () => {
  const silent = { verdict: 'silent', state: 'filtered', reason: 'no-response', answerEvidence: null } as const;

  it('say nothing where there is nothing to say', () => {
    expect(notesOf({})).toBe('');
    expect(notesOf(silent)).toBe('');
  });

  it('say what the client has seen and the capture has not', () => {
    const signs = { inferred: null, clientWentOn: null, clientReset: 3, serverAck: null, split: null, hidden: null };
    expect(notesOf({ ...silent, verdict: 'undecided', unseenAnswer: true, signs })).toBe(
      "The client's own RST in frame 3 shows that it got a SYN-ACK which the capture does not hold.",
    );
  });

  it('give a bad checksum as the likely reason for silence', () => {
    expect(notesOf({ ...silent, probeEvidence: { ...probe, checksumBad: true } })).toMatch(
      /checksum of frame 1 is wrong: a receiver drops such a segment, the likely reason/,
    );
    // Nobody knows whether it was silence.
    expect(notesOf({ ...silent, verdict: 'undecided', probeEvidence: { ...probe, checksumBad: true } })).toBe(
      'The checksum of frame 1 is wrong: a receiver drops such a segment without an answer (RFC 9293 section 3.1).',
    );
    expect(notesOf({ probeEvidence: { ...probe, checksumBad: true } })).toMatch(/yet it was answered/);
    expect(notesOf({ answerEvidence: { ...reset, checksumBad: true } })).toMatch(
      /answer in frame 2 is wrong, and it was taken as good/,
    );
    expect(notesOf({ ...silent, otherAnswers: [{ ...reset, acceptable: false, checksumBad: true }] })).toBe(
      'The checksum of the answer in frame 2 is wrong: a receiver drops such a packet, so it settles nothing.',
    );
  });

  it('tell a second answerer by TTL, IP ID and time stamps', () => {
    const timestamps = (value: number) => Uint8Array.of(8, 10, 0, 0, 0, value, 0, 0, 0, 0);
    const synAck: SegmentEvidence = {
      ...reset,
      kind: 'syn-ack',
      reason: 'syn-ack',
      flags: 0x12,
      options: timestamps(9),
    };
    const forged: SegmentEvidence = { ...reset, frame: 3, ttl: 250, ipId: 99, options: timestamps(3) };
    const notes = notesOf({ verdict: 'accepted', conflicting: true, answerEvidence: synAck, otherAnswers: [forged] });
    expect(notes).toMatch(/Frame 3 contradicts it: it says reset where frame 2 says syn-ack/);
    expect(notes).toMatch(/TTL is 250 \(about 5 hops\), not 64 \(0\)/);
    expect(notes).toMatch(/IP ID is 99, not 0/);
    expect(notes).toMatch(/TCP timestamp is older/);
  });

  it('say why a RST is to be ignored', () => {
    const wrong: SegmentEvidence = { ...reset, acceptable: false, acknowledgment: 5000 };
    expect(notesOf({ ...silent, otherAnswers: [wrong] })).toMatch(
      /ignore the RST in frame 2: .*number \+ 4000, not the SYN/,
    );
    const bare: SegmentEvidence = { ...reset, acceptable: false, flags: 0x04 };
    expect(notesOf({ ...silent, otherAnswers: [bare] })).toMatch(/acknowledges nothing \(RFC 9293/);
  });

  it('quote what a RST says, harmless', () => {
    const payload = new TextEncoder().encode('go away\u001b[2J');
    const notes = notesOf({ answerEvidence: { ...reset, payload, payloadLength: payload.length } });
    expect(notes).toBe('The RST in frame 2 says: "go away\\x1b[2J".');
  });

  it('tell TCP Fast Open, and how much of the data was taken', () => {
    const cookie = Uint8Array.of(34, 10, 1, 2, 3, 4, 5, 6, 7, 8);
    const asked = { ...probe, options: cookie, payloadLength: 10 };
    const taken: SegmentEvidence = { ...reset, kind: 'syn-ack', reason: 'syn-ack', flags: 0x12, acknowledgment: 1011 };
    const notes = notesOf({ verdict: 'accepted', probe: 'syn-data', probeEvidence: asked, answerEvidence: taken });
    expect(notes).toMatch(/has a TCP Fast Open cookie \(RFC 7413\) and carries 10 bytes of data/);
    expect(notes).toMatch(/acknowledges 10 of the SYN's 10 bytes of data/);
    expect(notesOf({ probeEvidence: { ...probe, options: Uint8Array.of(34, 2) } })).toMatch(
      /asks for a TCP Fast Open cookie/,
    );
  });

  it('tell a challenge ACK, and ICMP errors that are no answer', () => {
    const ack: SegmentEvidence = { ...reset, kind: 'ack', reason: 'tcp-response', flags: 0x10 };
    expect(notesOf({ verdict: 'challenged', answerEvidence: ack })).toMatch(/challenge ACK \(RFC 5961/);
    const icmp = {
      ...reset,
      kind: 'icmp',
      acceptable: false,
      flags: null,
      icmpType: 3,
      reason: 'dest-unreach',
    } as const;
    expect(notesOf({ ...silent, otherAnswers: [{ ...icmp, icmpCode: 4 }] })).toMatch(/too big for the way/);
    expect(notesOf({ ...silent, otherAnswers: [{ ...icmp, icmpCode: 3, quotedSequence: 7 }] })).toMatch(
      /does not quote the sequence number/,
    );
  });

  it('hold for every exchange that the fields allow', () => {
    const signs = { inferred: 4, clientWentOn: 2, clientReset: 3, serverAck: 5, split: null, hidden: 6 };
    const flags = { verdict: 'undecided', conflicting: true, signs, anomalies: 0x3ff } satisfies Partial<Exchange>;
    expect(notesOf({ ...flags, otherAnswers: [reset] }).split('\n').length).toBeGreaterThan(2);
  });
});
