import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_WINDOW_COUNT, WindowTracker } from '../../src/engine/window/window-tracker.ts';
import { portZeroFlood } from '../../src/rules/port-zero-flood.ts';
import { portZeroScan } from '../../src/rules/port-zero-scan.ts';
import { addressBytes, makeOpening, makeTime } from '../support/exchange.ts';

interface Opening {
  readonly client: string;
  readonly server: string;
  readonly time: number;
}

/** Openings in order of time, among few hosts, in steps that often meet the window's edge exactly. */
const openings = fc
  .array(
    fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 30 }), fc.constantFrom(0, 0, 0.1, 0.5, 1, 3)),
    {
      maxLength: 120,
    },
  )
  .map((steps) => {
    let time = 0;
    return steps.map(([client, server, step]): Opening => {
      time += step;
      return { client: `192.0.2.${client}`, server: `198.51.100.${server}`, time };
    });
  });

/** Slow and plain: the moments at which episodes begin, by the definition. A window of one second. */
function expected(all: readonly Opening[], by: 'client' | 'server', threshold: number, distinct: boolean): string[] {
  const begun: string[] = [];
  const lastMatch = new Map<string, number>();
  all.forEach((opening, index) => {
    const key = opening[by];
    const inWindow = all
      .slice(0, index + 1)
      .filter((other) => other[by] === key && opening.time - other.time <= 1 + 1e-9);
    const peers = new Set(inWindow.map((other) => (by === 'client' ? other.server : other.client)));
    if ((distinct ? peers.size : inWindow.length) < threshold) return;
    const last = lastMatch.get(key);
    if (last === undefined || opening.time - last > 1 + 1e-9) begun.push(`${key} at ${opening.time.toFixed(1)}`);
    lastMatch.set(key, opening.time);
  });
  return begun;
}

const open = (clientAddress: Uint8Array, serverAddress: Uint8Array, time: number, probeFrame: number) =>
  makeOpening({ clientAddress, serverAddress, started: makeTime(time), probeFrame });

function run(tracker: WindowTracker, all: readonly Opening[]): string[] {
  return all.flatMap(({ client, server, time }, index) =>
    tracker
      .observe(open(addressBytes(client), addressBytes(server), time, index + 1))
      .map((episode) => `${episode.address.join('.')} at ${time.toFixed(1)}`),
  );
}

describe('windows slide exactly', () => {
  it.each([2, 5, 20])('over hosts: %i of them', (hosts) => {
    fc.assert(
      fc.property(openings, (all) => {
        const tracker = new WindowTracker(portZeroScan, { hosts, window: 1e9 }, true);
        expect(run(tracker, all)).toEqual(expected(all, 'client', hosts, true));
      }),
    );
  });

  it.each([1, 2, 3, 9])('over openings: %i a second', (rate) => {
    fc.assert(
      fc.property(openings, (all) => {
        const tracker = new WindowTracker(portZeroFlood, { rate, window: 1e9 }, true);
        expect(run(tracker, all)).toEqual(expected(all, 'server', rate, false));
      }),
    );
  });

  it('tell as many episodes at their end as they tell live at their beginning', () => {
    fc.assert(
      fc.property(openings, (all) => {
        const atEnd = new WindowTracker(portZeroFlood, { rate: 3, window: 1e9 }, false);
        const ended = [...run(atEnd, all), ...atEnd.finish()];
        expect(ended).toHaveLength(expected(all, 'server', 3, false).length);
      }),
    );
  });
});

describe('memory is bounded', () => {
  const source = (index: number) => Uint8Array.from([10, index >> 16, (index >> 8) & 255, index & 255]);
  const target = addressBytes('198.51.100.7');

  it('by forgetting the groups that were quiet for longest, which are counted if their window was not over', () => {
    const tracker = new WindowTracker(portZeroScan, { hosts: 2, window: 1e9 }, true, 100);
    for (let index = 0; index < 150; index++) tracker.observe(open(source(index), target, 0, index + 1));
    expect(tracker.evicted).toBe(50);
    const other = addressBytes('198.51.100.8');
    expect(tracker.observe(open(source(49), other, 0.5, 151))).toEqual([]);
    expect(tracker.observe(open(source(149), other, 0.5, 152))).toHaveLength(1);
    const evicted = tracker.evicted;
    for (let index = 1000; index < 1100; index++) tracker.observe(open(source(index), target, 60, index));
    expect(tracker.evicted).toBe(evicted);
  });

  it('and an episode that has to be forgotten is told', () => {
    const tracker = new WindowTracker(portZeroFlood, { rate: 3, window: 1e9 }, false, 2);
    for (let frame = 1; frame <= 4; frame++) tracker.observe(open(source(frame), target, 0, frame));
    expect(tracker.observe(open(source(5), addressBytes('198.51.100.8'), 0, 5))).toEqual([]);
    const [episode] = tracker.observe(open(source(6), addressBytes('198.51.100.9'), 0, 6));
    expect(episode).toMatchObject({ address: target, match: { data: { openings: 4 } }, frames: [1, 2, 3, 4] });
    expect(tracker.finish()).toEqual([]);
  });

  it('and small while little is seen, for there may be thousands of captures', () => {
    const before = process.memoryUsage().arrayBuffers;
    const trackers = Array.from({ length: 100 }, () => [
      new WindowTracker(portZeroScan, { hosts: 20, window: 60e9 }, false),
      new WindowTracker(portZeroFlood, { rate: 100, window: 1e9 }, false),
    ]).flat();
    for (const tracker of trackers) tracker.observe(open(source(1), target, 0, 1));
    const held = process.memoryUsage().arrayBuffers - before;
    expect(held).toBeLessThan(trackers.length * 16_384);
    expect(trackers.every((tracker) => tracker.evicted === 0)).toBe(true);
  });

  it('and counts as exactly while it grows', () => {
    // Each source asks 25 hosts in turn, each of them twice, so that groups and peers grow at the same time; and again when
    // that is forgotten.
    const tracker = new WindowTracker(portZeroScan, { hosts: 20, window: 60e9 }, true);
    for (const start of [0, 1000]) {
      const begun: string[] = [];
      for (let host = 1; host <= 25; host++)
        for (let index = 0; index < 2000; index++)
          for (const { address } of tracker.observe(open(source(index % 1000), source(70_000 + host), start + host, 1)))
            begun.push(`${address.join('.')} at ${host}`);
      expect(begun).toEqual(Array.from({ length: 1000 }, (_, index) => `10.0.${index >> 8}.${index & 255} at 20`));
    }
  });

  it('also where each of many groups has many openings', () => {
    const tracker = new WindowTracker(portZeroFlood, { rate: 100_000, window: 1e9 }, false);
    const heavy = Array.from({ length: 40 }, (_, index) => source(index));
    for (const address of heavy)
      for (let frame = 0; frame < 70_000; frame++) tracker.observe(open(address, address, 0, frame));
    // 131,072 kept by each of them would be 5 million; at most 2 million are.
    expect(tracker.evicted).toBeGreaterThan(20);
  });

  it('says "at least" where it cannot count the hosts of a scan', () => {
    const tracker = new WindowTracker(portZeroScan, { hosts: 10, window: 60e9 }, false);
    for (let index = 0; index < 270_000; index++) tracker.observe(open(target, source(index), 0, index + 1));
    expect(tracker.finish().map(({ match }) => match)).toEqual([
      { messageId: 'scan-at-once-at-least', data: { hosts: 262_144, seconds: 0 } },
    ]);
  });

  it('refuses windows that are too large to count', () => {
    const make = () => new WindowTracker(portZeroFlood, { rate: MAX_WINDOW_COUNT + 1, window: 1e9 }, false);
    expect(make).toThrow(RangeError);
  });
});
