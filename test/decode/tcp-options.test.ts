import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  formatTcpOptions,
  hasFastOpen,
  parseTcpOptions,
  tcpOptionsOverrun,
} from '../../src/decode/transport/tcp-options.ts';
import { bytesOf, ipv4, tcp } from '../support/frames.ts';
import { describeWith } from '../support/tools.ts';
import { runOverFrames } from '../support/tshark.ts';

/**
 * Options as stacks send them, and broken ones. Left out is where tcpdump 4.99 is wrong: it takes the lowest bit of a user
 * timeout for the granularity, and goes on behind what it read of an option, not behind the option's length.
 */
const CASES = [
  '020405b4 0402 080a0000000100000000 01 030307',
  '020405b4 01 03030a 0402',
  '01 01 080affffffff80000000',
  '01 01 050a0000000100000002',
  '01 01 0512 00000001000000020000000500000006',
  '2202 0101',
  '220a1122334455667788 0101',
  '2205112233 010101',
  'fe04f989',
  'fe0cf9891122334455667788',
  'fe06abcd1122 0101',
  'fd06abcd1122 0101',
  '1e0c00810011223344556677',
  '1e0401810101',
  '1e0c110133445566778899aa',
  '1e0cf10133445566778899aa',
  '1d040102',
  '1d080102aabbccdd',
  '14040102',
  '0b06000000010101',
  '0606000001020101',
  '0009',
  '00 00 aa bb',
  '630401ff',
  '6302 0101',
  '01 09',
];

/** tcpdump puts two blanks before a cookie. */
function likeTcpdump(text: string): string {
  return text.replaceAll('  ', ' ');
}

describe('formatTcpOptions', () => {
  it.each([
    ['', ''],
    ['020405b4 0402 080a0000000100000000 01 030307', 'mss 1460,sackOK,TS val 1 ecr 0,nop,wscale 7'],
    ['1312 000102030405060708090a0b0c0d0e0f', 'md5 000102030405060708090a0b0c0d0e0f'],
    // RFC 5482 §3: granularity bit set, 5 minutes.
    ['1c048005', 'uto 0x8005 300'],
    ['02', '[bad opt]'],
    ['0201', '[bad opt]'],
    ['0101 0206 05b4', 'nop,nop,[bad opt]'],
    ['0203 05', 'mss[bad opt]'],
  ])('%s', (hex, text) => {
    expect(formatTcpOptions(bytesOf(hex))).toBe(text);
  });

  it('never throws and always ends', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(typeof formatTcpOptions(bytes)).toBe('string');
        const parsed = parseTcpOptions(bytes);
        expect(tcpOptionsOverrun(bytes, 0, bytes.length, bytes.length)).toBe(parsed.overrun);
      }),
    );
  });
});

describe('parseTcpOptions', () => {
  it('reads what serves as evidence', () => {
    const options = parseTcpOptions(bytesOf('020405b4 0402 080a0000000100000002 01 030307'));
    expect(options).toEqual({
      mss: 1460,
      windowScale: 7,
      sackPermitted: true,
      timestamp: { value: 1, echo: 2 },
      fastOpenCookie: null,
      kinds: [2, 4, 8, 1, 3],
      overrun: false,
    });
  });

  it('knows Fast Open in both forms', () => {
    expect(parseTcpOptions(bytesOf('2202')).fastOpenCookie).toEqual(new Uint8Array(0));
    expect(parseTcpOptions(bytesOf('22061122 3344')).fastOpenCookie).toEqual(bytesOf('11223344'));
    expect(parseTcpOptions(bytesOf('fe08f989 11223344')).fastOpenCookie).toEqual(bytesOf('11223344'));
    expect(hasFastOpen(bytesOf('020405b4'))).toBe(false);
  });

  it('takes no option of a wrong length', () => {
    const options = parseTcpOptions(bytesOf('0203b4 030207 080400000101'));
    expect(options).toMatchObject({ mss: null, windowScale: null, timestamp: null });
  });

  it.each(['0206b401', '08', '0200', '0101ff09'])('says that %s overruns', (hex) => {
    expect(parseTcpOptions(bytesOf(hex)).overrun).toBe(true);
  });

  it('finds no overrun where the capture, not the header, ends', () => {
    const bytes = bytesOf('020405b4 080a00');
    expect(tcpOptionsOverrun(bytes, 0, 20, bytes.length)).toBe(false);
    expect(tcpOptionsOverrun(bytes, 0, 8, bytes.length)).toBe(true);
    expect(tcpOptionsOverrun(bytes, 0, bytes.length, bytes.length)).toBe(true);
  });
});

describeWith(['tcpdump'], 'formatTcpOptions and tcpdump', () => {
  it('say the same of the same bytes', () => {
    const padded = CASES.map((hex) => {
      const bytes = bytesOf(hex);
      return bytesOf(bytes, new Uint8Array(-bytes.length & 3));
    });
    const frames = padded.map((options) => ipv4({}, tcp({ flags: 'S', options })));
    const lines = runOverFrames('tcpdump', ['-nSr', 'FILE'], frames, 101).trim().split('\n');
    expect(lines).toHaveLength(CASES.length);
    const theirs = lines.map((line) => likeTcpdump(/options \[(.*?\]?)\](?:, length|$)/.exec(line)?.[1] ?? line));
    expect(padded.map((options) => likeTcpdump(formatTcpOptions(options)))).toEqual(theirs);
  });
});
