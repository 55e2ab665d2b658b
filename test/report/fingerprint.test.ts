import { describe, expect, it } from 'vitest';
import { formatFingerprint, guessHops, guessInitialTtl } from '../../src/report/model/fingerprint.ts';
import { makeEvidence } from '../support/exchange.ts';

const probe = makeEvidence({ kind: 'probe', flags: 0x02, sequence: 1000, acknowledgment: 0, reason: 'probe' });
const reset = makeEvidence({ flags: 0x14, sequence: 0, acknowledgment: 1001 });
const field = (name: string, changes: Parameters<typeof makeEvidence>[0], asked = probe) =>
  formatFingerprint(asked, { ...reset, ...changes })
    ?.split('%')
    .find((each) => each.startsWith(`${name}=`));

describe('guessInitialTtl', () => {
  it('rounds up to the initial values that nmap knows', () => {
    expect([1, 32, 33, 63, 64, 65, 128, 129, 255].map(guessInitialTtl)).toEqual([
      32, 32, 64, 64, 64, 128, 128, 255, 255,
    ]);
  });

  it('gives the routers passed', () => {
    expect([64, 63, 52, 128, 240, 0].map(guessHops)).toEqual([0, 1, 12, 0, 15, null]);
  });
});

describe('formatFingerprint', () => {
  it('is what nmap prints for T5 of a Linux', () => {
    // nmap-os-db, Linux 2.6 to 5: T5(R=Y%DF=Y%T=3B-45%TG=40%W=0%S=Z%A=S+%F=AR%O=%RD=0%Q=)
    expect(formatFingerprint(probe, reset)).toBe('R=Y%DF=Y%T=40%W=0%S=Z%A=S+%F=AR%O=%RD=0%Q=');
  });

  it('compares the numbers with those of the probe', () => {
    const asked = { ...probe, acknowledgment: 500 };
    expect(field('S', { sequence: 0 }, asked)).toBe('S=Z');
    expect(field('S', { sequence: 500 }, asked)).toBe('S=A');
    expect(field('S', { sequence: 501 }, asked)).toBe('S=A+');
    expect(field('S', { sequence: 7 }, asked)).toBe('S=O');
    expect(field('A', { acknowledgment: 0 })).toBe('A=Z');
    expect(field('A', { acknowledgment: 1000 })).toBe('A=S');
    expect(field('A', { acknowledgment: 1002 })).toBe('A=O');
    expect(field('A', { acknowledgment: 0 }, { ...probe, sequence: 0xffffffff })).toBe('A=Z');
    expect(field('S', { sequence: 0x80000001 }, { ...probe, acknowledgment: 0x80000000 })).toBe('S=A+');
  });

  it('has flags, options and window in nmap letters', () => {
    expect(field('F', { flags: 0x04 })).toBe('F=R');
    expect(field('F', { flags: 0x7f })).toBe('F=EUAPRSF');
    expect(field('W', { window: 0xfaf0 })).toBe('W=FAF0');
    // mss 1460, nop, wscale 7, sackOK, timestamps 5 and 0, end of list: nmap's osscan2.cc would say M5B4NW7ST10L.
    const options = Uint8Array.of(2, 4, 5, 0xb4, 1, 3, 3, 7, 4, 2, 8, 10, 0, 0, 0, 5, 0, 0, 0, 0, 0);
    expect(field('O', { options })).toBe('O=M5B4NW7ST10L');
  });

  it('sums up the data of the RST', () => {
    // CRC-32 of "123456789" is CBF43926, the check value of the algorithm.
    const payload = new TextEncoder().encode('123456789');
    expect(field('RD', { payload, payloadLength: 9 })).toBe('RD=CBF43926');
    expect(field('RD', { payload, payloadLength: 90 })).toBeUndefined();
  });

  it('tells the quirks: reserved bits, urgent pointer without URG', () => {
    expect(field('Q', {})).toBe('Q=');
    expect(field('Q', { reservedBits: 1 })).toBe('Q=R');
    expect(field('Q', { urgentPointer: 9 })).toBe('Q=U');
    expect(field('Q', { urgentPointer: 9, flags: 0x34 })).toBe('Q=');
  });

  it('is null where the capture lacks what it needs, for SYN-ACKs, and for IPv6', () => {
    expect(formatFingerprint(null, reset)).toBeNull();
    expect(formatFingerprint(probe, { ...reset, flags: null })).toBeNull();
    expect(formatFingerprint(probe, { ...reset, window: null })).toBeNull();
    expect(formatFingerprint({ ...probe, acknowledgment: null }, reset)).toBeNull();
    expect(formatFingerprint(probe, { ...reset, flags: 0x12 })).toBeNull();
    expect(formatFingerprint(probe, { ...reset, source: new Uint8Array(16) })).toBeNull();
  });
});
