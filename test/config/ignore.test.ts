import { describe, expect, it } from 'vitest';
import { parseCidr } from '../../src/config/cidr.ts';
import { createIgnoreMatcher } from '../../src/config/ignore.ts';
import type { Cidr, IgnoreEntry } from '../../src/config/types.ts';
import { PacketRecord } from '../../src/decode/packet.ts';
import { addressBytes, makeExchange } from '../support/exchange.ts';

const entry = (from: string | null, to: string | null): IgnoreEntry => ({
  from: from === null ? null : (parseCidr(from) as Cidr),
  to: to === null ? null : (parseCidr(to) as Cidr),
  reason: null,
});

describe('createIgnoreMatcher', () => {
  const matcher = createIgnoreMatcher([entry('192.0.2.0/24', '198.51.100.7'), entry(null, '2001:db8::/32')])!;

  it.each([
    ['192.0.2.1', '198.51.100.7', true],
    ['192.0.2.1', '198.51.100.8', false],
    ['192.0.3.1', '198.51.100.7', false],
    ['198.51.100.7', '192.0.2.1', false],
    ['2001:db9::1', '2001:db8::9', true],
    ['2001:db8::1', '2001:db9::9', false],
  ])('from %s to %s: %s', (client, server, ignored) => {
    expect(matcher.exchange(makeExchange({ client, server }))).toBe(ignored);
    const packet = new PacketRecord();
    const source = addressBytes(client);
    packet.bytes = Uint8Array.from([1, ...source, ...addressBytes(server)]);
    packet.ipVersion = source.length === 4 ? 4 : 6;
    packet.sourceOffset = 1;
    packet.destinationOffset = 1 + source.length;
    expect(matcher.datagram(packet)).toBe(ignored);
  });

  it('is nothing when nothing is ignored', () => {
    expect(createIgnoreMatcher([])).toBeNull();
  });
});
