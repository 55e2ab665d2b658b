import { BlockList, isIPv4 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cidrMatches, formatTarget, parseAddress, parseCidr, parseTarget } from '../../src/config/cidr.ts';
import type { Cidr } from '../../src/config/types.ts';
import { formatAddress } from '../../src/decode/address.ts';
import { addressBytes } from '../support/exchange.ts';

const block = (text: string): Cidr => {
  const cidr = parseCidr(text);
  if ('fault' in cidr) throw new Error(cidr.fault);
  return cidr;
};

describe('parseAddress', () => {
  it.each([
    ['192.0.2.1', [192, 0, 2, 1]],
    ['::', new Array(16).fill(0)],
    ['::1', [...new Array(15).fill(0), 1]],
    ['2001:db8::', [0x20, 1, 0xd, 0xb8, ...new Array(12).fill(0)]],
    ['1:2:3:4:5:6:7:8', [0, 1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0, 7, 0, 8]],
    ['::ffff:192.0.2.1', [...new Array(10).fill(0), 255, 255, 192, 0, 2, 1]],
    ['64:ff9b::192.0.2.33', [0, 0x64, 0xff, 0x9b, ...new Array(8).fill(0), 192, 0, 2, 33]],
  ])('%s', (text, bytes) => {
    expect(parseAddress(text)).toEqual(Uint8Array.from(bytes));
  });

  it('reads what formatAddress writes', () => {
    const address = fc.oneof(
      fc.uint8Array({ minLength: 4, maxLength: 4 }),
      fc.uint8Array({ minLength: 16, maxLength: 16 }),
      fc.uint8Array({ minLength: 16, maxLength: 16, max: 1 }),
    );
    fc.assert(
      fc.property(address, (bytes) => {
        expect(parseAddress(formatAddress(bytes))).toEqual(bytes);
      }),
    );
  });
});

describe('parseCidr', () => {
  it.each([
    ['192.0.2.7', 4, 32],
    ['192.0.2.0/24', 4, 24],
    ['0.0.0.0/0', 4, 0],
    ['2001:db8::/32', 16, 32],
    ['::/0', 16, 0],
    ['2001:db8::1/128', 16, 128],
    ['::ffff:192.0.2.0/120', 4, 24],
    ['::ffff:192.0.2.1', 4, 32],
    ['::ffff:0:0/96', 4, 0],
  ])('%s', (text, length, bits) => {
    expect(parseCidr(text)).toMatchObject({ bits, text });
    expect(block(text).bytes).toHaveLength(length);
  });

  it.each([
    ['192.0.2.0/33', 'the prefix length is "33", allowed are 0 to 32'],
    ['2001:db8::/129', 'allowed are 0 to 128'],
    ['192.0.2.0/', 'the prefix length is ""'],
    ['192.0.2.0/-1', 'the prefix length is "-1"'],
    ['192.0.2.0/024', 'the prefix length is "024"'],
    ['192.0.2.0/24/1', 'the prefix length is "24/1"'],
    ['192.0.2.1/24', 'write 192.0.2.0/24 for the block or 192.0.2.1 for the address'],
    ['2001:db8::1/32', 'write 2001:db8::/32 for the block or 2001:db8::1 for the address'],
    ['192.0.2.300', '"192.0.2.300" is no IPv4 or IPv6 address'],
    ['192.0.2', 'is no IPv4 or IPv6 address'],
    ['010.0.0.1', 'leading zero'],
    ['fe80::1%eth0', 'zone'],
    ['example.org', 'is no IPv4 or IPv6 address'],
    ['', 'is no IPv4 or IPv6 address'],
  ])('refuses %j', (text, fault) => {
    expect(parseCidr(text)).toEqual({ fault: expect.stringContaining(fault) });
  });
});

describe('cidrMatches', () => {
  it('agrees with the block list of Node', () => {
    const four = fc.tuple(fc.uint8Array({ minLength: 4, maxLength: 4 }), fc.integer({ min: 0, max: 32 }));
    const six = fc.tuple(fc.uint8Array({ minLength: 16, maxLength: 16, max: 3 }), fc.integer({ min: 0, max: 128 }));
    fc.assert(
      fc.property(fc.oneof(four, six), fc.nat(127), ([bytes, bits], flipped) => {
        const masked = bytes.map((byte, index) => {
          const keep = Math.min(8, Math.max(0, bits - index * 8));
          return byte & ~((1 << (8 - keep)) - 1);
        });
        const cidr = block(`${formatAddress(masked)}/${bits}`);
        const other = Uint8Array.from(bytes);
        other[(flipped >> 3) % other.length]! ^= 1 << (flipped & 7);
        const list = new BlockList();
        const family = isIPv4(formatAddress(masked)) ? 'ipv4' : 'ipv6';
        list.addSubnet(formatAddress(masked), bits, family);
        for (const address of [bytes, other]) {
          expect(cidrMatches(cidr, address)).toBe(list.check(formatAddress(address), family));
        }
      }),
    );
  });

  it('knows IPv4 by its mapped form, and keeps the families apart otherwise', () => {
    const mapped = Uint8Array.from([...new Array(10).fill(0), 255, 255, 192, 0, 2, 7]);
    expect(cidrMatches(block('192.0.2.0/24'), mapped)).toBe(true);
    expect(cidrMatches(block('::ffff:192.0.2.0/120'), addressBytes('192.0.2.7'))).toBe(true);
    expect(cidrMatches(block('198.51.100.0/24'), mapped)).toBe(false);
    expect(cidrMatches(block('0.0.0.0/0'), addressBytes('2001:db8::1'))).toBe(false);
    expect(cidrMatches(block('::/0'), addressBytes('192.0.2.7'))).toBe(false);
  });

  it('reads an address inside other bytes', () => {
    const packet = Uint8Array.from([9, 9, 192, 0, 2, 7, 9, 9]);
    expect(cidrMatches(block('192.0.2.7'), packet, 2, 4)).toBe(true);
    expect(cidrMatches(block('192.0.2.7'), packet, 3, 4)).toBe(false);
  });
});

describe('parseTarget', () => {
  it.each([
    ['203.0.113.0/24', '203.0.113.0/24', 0],
    ['203.0.113.5:443', '203.0.113.5', 443],
    ['203.0.113.0/24:0', '203.0.113.0/24', 0],
    ['203.0.113.0/24:65535', '203.0.113.0/24', 65_535],
    ['2001:db8::1', '2001:db8::1', 0],
    ['[2001:db8::1]:443', '2001:db8::1', 443],
    ['[2001:db8::/32]:443', '2001:db8::/32', 443],
    ['[2001:db8::]/32:443', '2001:db8::/32', 443],
    ['[2001:db8::1]', '2001:db8::1', 0],
    ['::ffff:192.0.2.1', '::ffff:192.0.2.1', 0],
  ])('%s is %s, port %i', (text, to, port) => {
    const target = parseTarget(text);
    expect(target).toMatchObject({ to: { text: to }, port });
    expect(parseTarget(formatTarget((target as { to: Cidr }).to, port))).toEqual(target);
  });

  it.each([
    '203.0.113.5:',
    '203.0.113.5:65536',
    '203.0.113.5:x',
    '203.0.113.5:08',
    '[203.0.113.5]:80',
    '[2001:db8::1]:',
    '[2001:db8::1',
    '[]:1',
  ])('refuses %j', (text) => {
    expect(parseTarget(text)).toEqual({ fault: expect.any(String) });
  });
});
