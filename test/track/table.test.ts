import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FlowKey } from '../../src/track/flow-key.ts';
import { ExchangeTable, LIST_OPEN } from '../../src/track/table.ts';
import { segment } from '../support/segments.ts';

/** Few ends, so that keys meet often. */
const ends = fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 2 }), fc.boolean());
const step = fc.oneof(
  fc.record({ kind: fc.constant('insert' as const), ends }),
  fc.record({ kind: fc.constant('remove' as const), at: fc.nat() }),
);

it('finds what a plain list of attempts would find', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400 }), fc.integer(), (steps, secret) => {
      const table = new ExchangeTable(10_000);
      const key = new FlowKey(new Int32Array([secret, ~secret]));
      const read = ([host, port, isReverse]: [number, number, boolean]) => {
        const client = `10.0.0.${host}:${port}`;
        const text = isReverse ? `10.0.1.1:0 > ${client}` : `${client} > 10.0.1.1:0`;
        key.read(segment(text, 'S'), 0);
        return `${host}:${port}`;
      };
      let model: { entry: number; name: string; ends: [number, number, boolean] }[] = [];
      for (const taken of steps) {
        if (taken.kind === 'insert') {
          const name = read(taken.ends);
          const entry = table.insert(key, table.find(key), true);
          table.enlist(entry, LIST_OPEN, 0);
          model.push({ entry, name, ends: taken.ends });
        } else if (model.length > 0) {
          const [gone] = model.splice(taken.at % model.length, 1);
          table.remove(gone!.entry);
        }
      }
      expect(table.size).toBe(model.length);
      for (let host = 0; host <= 40; host++) {
        for (let port = 0; port <= 2; port++) {
          for (const isReverse of [false, true]) {
            const name = read([host, port, isReverse]);
            const attempts = model.filter((one) => one.name === name).reverse();
            const found: number[] = [];
            for (let entry = table.find(key); entry !== 0; entry = table.older(entry)) found.push(entry);
            expect(found).toEqual(attempts.map(({ entry }) => entry));
            for (const { entry, ends: opened } of attempts) {
              expect(table.isFromClient(entry, key)).toBe(opened[2] === isReverse);
            }
          }
        }
      }
      // The list of open ones is in order of insertion.
      const order = [...model].map(({ entry }) => entry);
      const listed: number[] = [];
      while (table.head(LIST_OPEN) !== 0) {
        listed.push(table.head(LIST_OPEN));
        table.remove(table.head(LIST_OPEN));
      }
      expect(listed).toEqual(order);
      model = [];
    }),
    { numRuns: 200 },
  );
});

it('finds all that it holds however often its index has grown, whatever the hashes are', () => {
  fc.assert(
    fc.property(fc.integer(), fc.integer({ min: 2, max: 12 }), (secret, stride) => {
      const table = new ExchangeTable(20_000);
      const key = new FlowKey(new Int32Array([secret, ~secret]));
      const read = (host: number) => key.read(segment(`10.0.${host >> 8}.${host & 255}:7 > 10.0.1.1:0`, 'S'), 0);
      const entries = new Map<number, number>();
      const wrong: number[] = [];
      for (let host = 0; host < 9000; host++) {
        read(host);
        if (table.find(key) !== 0) wrong.push(host);
        entries.set(host, table.insert(key, 0, true));
        // Gaps, so that what stood behind them has moved.
        const gone = host - stride;
        if (gone < 0 || gone % stride !== 0) continue;
        table.remove(entries.get(gone)!);
        entries.delete(gone);
      }
      for (let host = 0; host < 9000; host++) {
        read(host);
        if (table.find(key) !== (entries.get(host) ?? 0)) wrong.push(host);
      }
      expect(wrong).toEqual([]);
    }),
    { numRuns: 20 },
  );
});

it('spreads keys whose addresses and ports count up together', () => {
  // A scanner that counts both up must not fall into a few buckets: an XOR of the two would be constant.
  const key = new FlowKey(new Int32Array([1, 2]));
  const low = new Set<number>();
  for (let i = 0; i < 4096; i++) {
    key.read(segment(`10.0.${i >> 8}.${i & 255}:${i} > 10.0.0.2:0`, 'S'), 0);
    low.add(key.hash & 4095);
  }
  // 4096 balls into 4096 boxes leave 63 % of them filled.
  expect(low.size).toBeGreaterThan(2300);
});
