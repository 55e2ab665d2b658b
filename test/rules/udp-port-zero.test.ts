import { describe, expect, it } from 'vitest';
import { FRAGMENT_FIRST, FRAGMENT_LATER, PacketRecord, TRANSPORT_TCP, TRANSPORT_UDP } from '../../src/decode/packet.ts';
import { RuleEngine } from '../../src/engine/engine.ts';
import { rules } from '../../src/rules/index.ts';
import { udpPortZero } from '../../src/rules/udp-port-zero.ts';
import { addressBytes } from '../support/exchange.ts';
import { settingsWith } from '../support/rules.ts';

function datagram(source: string, target: string, fields: Partial<PacketRecord> = {}): PacketRecord {
  const packet = new PacketRecord();
  const [from, to] = [addressBytes(source), addressBytes(target)];
  packet.bytes = Uint8Array.from([...from, ...to]);
  packet.ipVersion = from.length === 4 ? 4 : 6;
  packet.destinationOffset = from.length;
  packet.transport = TRANSPORT_UDP;
  packet.sourcePort = 5353;
  packet.destinationPort = 0;
  return Object.assign(packet, fields);
}

describe('udp-port-zero', () => {
  it('flags a datagram to port 0, whatever port it is from', () => {
    expect(udpPortZero.match(datagram('192.0.2.1', '192.0.2.2'), {})).toEqual({ messageId: 'datagram' });
    expect(udpPortZero.match(datagram('192.0.2.1', '192.0.2.2', { sourcePort: 0 }), {})).not.toBeNull();
    expect(udpPortZero.match(datagram('192.0.2.1', '192.0.2.2', { fragment: FRAGMENT_FIRST }), {})).not.toBeNull();
  });

  it('lets the source port be 0 (RFC 768), and leaves alone TCP and later fragments', () => {
    const from = { sourcePort: 0, destinationPort: 53 };
    expect(udpPortZero.match(datagram('192.0.2.1', '192.0.2.2', from), {})).toBeNull();
    expect(udpPortZero.match(datagram('192.0.2.1', '192.0.2.2', { transport: TRANSPORT_TCP }), {})).toBeNull();
    expect(udpPortZero.match(datagram('192.0.2.1', '192.0.2.2', { fragment: FRAGMENT_LATER }), {})).toBeNull();
  });

  it('makes one finding of all datagrams from one source to one target, at the end', () => {
    const engine = new RuleEngine(rules, settingsWith(), { live: false });
    expect(engine.datagram(datagram('192.0.2.1', '192.0.2.2', { sourcePort: 4711 }), 1, 100, 5, 9)).toEqual([]);
    expect(engine.datagram(datagram('192.0.2.1', '192.0.2.2', { sourcePort: 4712 }), 2, 101, 0, 9)).toEqual([]);
    expect(engine.datagram(datagram('2001:db8::1', '2001:db8::2'), 3, 102, 0, 9)).toEqual([]);
    const [first, second, ...others] = engine.finish();
    expect(first).toMatchObject({ frames: [1, 2], exchange: null, time: { seconds: 100, nanos: 5, digits: 9 } });
    expect(first?.match.data).toEqual({ datagrams: 2 });
    expect([first?.datagramPort, second?.datagramPort]).toEqual([4711, 5353]);
    expect([first?.client, first?.server]).toEqual([addressBytes('192.0.2.1'), addressBytes('192.0.2.2')]);
    expect([second?.client, second?.frames]).toEqual([addressBytes('2001:db8::1'), [3]]);
    expect(others).toEqual([]);
    expect(engine.counts).toEqual({ info: 2, warning: 0, error: 0 });
  });

  it('fires live with the first datagram of a pair', () => {
    const engine = new RuleEngine(rules, settingsWith(), { live: true });
    expect(engine.datagram(datagram('192.0.2.1', '192.0.2.2'), 1, 100, 0, 6)).toHaveLength(1);
    expect(engine.datagram(datagram('192.0.2.1', '192.0.2.2'), 2, 100, 0, 6)).toEqual([]);
    expect(engine.datagram(datagram('192.0.2.2', '192.0.2.1'), 3, 100, 0, 6)).toHaveLength(1);
    expect(engine.finish()).toEqual([]);
    expect(engine.counts.info).toBe(2);
  });
});
