import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../src/decode/address.ts';
import { addressBytes, bytesOf } from '../support/frames.ts';

describe('formatAddress', () => {
  it('writes IPv4 in dotted form', () => {
    expect(formatAddress(bytesOf(192, 0, 2, 255))).toBe('192.0.2.255');
  });

  // The examples of RFC 5952 §1 and §4.
  it.each([
    ['20010db8000000000000000000020001', '2001:db8::2:1'],
    ['20010db8000000010001000100010001', '2001:db8:0:1:1:1:1:1'],
    ['20010db8000000000001000000000001', '2001:db8::1:0:0:1'],
    ['20010000000000010000000000000001', '2001:0:0:1::1'],
    ['00000000000000000000000000000001', '::1'],
    ['00000000000000000000000000000000', '::'],
    ['20010db8000000000000000000000000', '2001:db8::'],
    ['20010db8aaaabbbbccccddddeeee0aaa', '2001:db8:aaaa:bbbb:cccc:dddd:eeee:aaa'],
    ['00000000000000000000ffffc0000201', '::ffff:192.0.2.1'],
    ['0000000000000000000000000a0b0c0d', '::a0b:c0d'],
  ])('writes %s as RFC 5952 wants it', (hex, text) => {
    expect(formatAddress(bytesOf(hex))).toBe(text);
  });

  it('agrees with the test builder', () => {
    for (const text of ['2001:db8::1', 'fe80::1:2:3', '::', '198.51.100.7']) {
      expect(formatAddress(addressBytes(text))).toBe(text);
    }
  });

  it('shows other lengths as bytes', () => {
    expect(formatAddress(bytesOf('0200ff'))).toBe('02:00:ff');
  });
});
