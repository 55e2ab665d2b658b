import { expect, it } from 'vitest';
import { PacketRecord } from '../../src/decode/packet.ts';
import { SCOPE_FULL, SCOPE_MPLS, SCOPE_VLAN, ScopeTable } from '../../src/decode/scopes.ts';

function between(source: readonly number[], destination: readonly number[]): PacketRecord {
  const record = new PacketRecord();
  record.bytes = Uint8Array.from([...source, ...destination]);
  record.ipVersion = source.length === 4 ? 4 : 6;
  record.sourceOffset = 0;
  record.destinationOffset = source.length;
  return record;
}

const quad = (number: number): number[] => [number >>> 24, (number >>> 16) & 255, (number >>> 8) & 255, number & 255];

it('tells 300,000 tunnels apart, whichever end sends, and names each by its own ends', () => {
  const table = new ScopeTable();
  const numbers = new Set<number>();
  const hub = [198, 51, 100, 1];
  for (let i = 0; i < 300_000; i++) {
    const there = table.tunnel(0, between(quad(0x0a000000 + i), hub));
    if (table.tunnel(0, between(hub, quad(0x0a000000 + i))) === there) numbers.add(there);
  }
  expect(numbers.size).toBe(300_000);
  const last = table.tunnel(0, between(quad(0x0a000000 + 299_999), hub));
  expect(table.name(last)).toBe('tunnel 10.4.147.223 - 198.51.100.1');
});

it('takes ends that differ in their last word only as two', () => {
  const table = new ScopeTable();
  const end = (last: number) => [0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, last];
  expect(table.tunnel(0, between(end(1), end(2)))).not.toBe(table.tunnel(0, between(end(1), end(3))));
  // Sums of the ends are the same here.
  expect(table.tunnel(0, between(end(1), end(4)))).not.toBe(table.tunnel(0, between(end(2), end(3))));
});

it('gives no number past its bound, and goes on with those that it has', () => {
  const table = new ScopeTable(1000);
  const known = Array.from({ length: 1000 }, (_, i) => table.child(0, SCOPE_VLAN, i));
  expect(new Set(known).size).toBe(1000);
  expect(table.child(0, SCOPE_VLAN, 1000)).toBe(SCOPE_FULL);
  expect(table.child(SCOPE_FULL, SCOPE_MPLS, 1)).toBe(SCOPE_FULL);
  expect(Array.from({ length: 1000 }, (_, i) => table.child(0, SCOPE_VLAN, i))).toEqual(known);
  expect(table.name(table.child(0, SCOPE_VLAN, 999))).toBe('vlan 999');
});
