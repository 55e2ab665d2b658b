import { describe, expect, it, vi } from 'vitest';
import { PeerCounter, PeerSet } from '../../src/engine/window/peer-counter.ts';
import { WindowTracker } from '../../src/engine/window/window-tracker.ts';
import { portZeroScan } from '../../src/rules/port-zero-scan.ts';
import { addressBytes, makeOpening, makeTime } from '../support/exchange.ts';

// A hash only finds a peer. Here it finds all of them at once, and each has to be told from the others by its address.
vi.mock('../../src/decode/keyed-hash.ts', async (original) => ({
  ...(await original<typeof import('../../src/decode/keyed-hash.ts')>()),
  hashWords: () => 7,
}));

/** Differ in one word each, the four of an address in turn. */
const PEERS = ['::', '::1', '::1:0:0', '::1:0:0:0:0', '1::', '0.0.0.0', '0.0.0.1'].map((text) => addressBytes(text));
/** As putAddress() writes it. */
function words(address: Uint8Array): Int32Array {
  const view = new DataView(address.buffer, address.byteOffset);
  const four = [0, 4, 8, 12].map((at) => (at < address.length ? view.getUint32(at) : 0));
  return Int32Array.from([address.length, ...four]);
}

describe('peers whose hashes are all the same', () => {
  it('are counted each in a window, and none twice', () => {
    const counter = new PeerCounter(4, 1e9, 100, 100);
    const counts = [...PEERS, ...PEERS].map((peer, i) => counter.add(0, i === 0, words(peer), i, i));
    expect(counts).toEqual([1, 2, 3, 4, 5, 6, 7, 7, 7, 7, 7, 7, 7, 7]);
    expect(counter.add(1, true, words(PEERS[1]!), 20, 20)).toBe(1);
    expect(counter.add(1, false, words(PEERS[1]!), 21, 21)).toBe(1);
    expect(counter.add(1, false, words(PEERS[2]!), 22, 22)).toBe(2);
  });

  it('are each in a set, also after it has grown', () => {
    const set = new PeerSet();
    const many = Array.from({ length: 200 }, (_, i) => addressBytes(`2001:db8::${(i + 1).toString(16)}`));
    for (const peer of [...PEERS, ...many, ...many]) set.add(words(peer), 0);
    expect(set.size).toBe(PEERS.length + many.length);
    for (const peer of [...PEERS, ...many]) expect(set.has(words(peer), 0)).toBe(true);
    expect(set.has(words(addressBytes('2001:db8:1::1')), 0)).toBe(false);
  });

  it.each([2, 20, 50])('make a scan of %i hosts', (hosts) => {
    const tracker = new WindowTracker(portZeroScan, { hosts, window: 60e9 }, false);
    const client = addressBytes('2001:db8:ffff::1');
    for (let i = 0; i < hosts; i++) {
      const host = addressBytes(`2001:db8::${(i + 1).toString(16)}:0`);
      for (const copy of [0, 1]) {
        const opening = { clientAddress: client, serverAddress: host, started: makeTime(i / 1000) };
        tracker.observe(makeOpening({ ...opening, probeFrame: 2 * i + copy + 1 }));
      }
    }
    const [episode, ...others] = tracker.finish();
    expect(others).toEqual([]);
    expect(episode?.match.data?.hosts).toBe(hosts);
  });
});
