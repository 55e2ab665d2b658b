import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AddressTable, putAddress } from '../../src/engine/window/address-table.ts';

const address = fc.oneof(
  fc.uint8Array({ minLength: 4, maxLength: 4, max: 3 }),
  fc.uint8Array({ minLength: 16, maxLength: 16, max: 1 }),
);

describe('AddressTable', () => {
  it('is a map that forgets the key claimed least recently', () => {
    // Up to eight it is full at once, above it has to grow before: once, or several times.
    const capacities = fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 15, max: 140 }));
    fc.assert(
      fc.property(capacities, fc.array(address, { size: 'max', maxLength: 400 }), (capacity, claims) => {
        const evicted: string[] = [];
        const table = new AddressTable(capacity, 1, (slot) => evicted.push(table.addressAt(slot, 0).join()));
        const model = new Map<string, number>();
        const gone: string[] = [];
        for (const bytes of claims) {
          const key = bytes.join();
          putAddress(table.key, 0, bytes, 0, bytes.length);
          const slot = table.claim();
          const known = model.get(key);
          expect(table.fresh).toBe(known === undefined);
          if (known !== undefined) expect(slot).toBe(known);
          else if (model.size === capacity) {
            const [oldest] = model.keys();
            gone.push(oldest!);
            model.delete(oldest!);
          }
          model.delete(key);
          model.set(key, slot);
          expect(table.addressAt(slot, 0)).toEqual(bytes);
          expect(table.size).toBe(model.size);
          expect(new Set(model.values()).size).toBe(model.size);
        }
        expect(evicted).toEqual(gone);
      }),
    );
  });

  it('keeps pairs in order, and IPv4 apart from IPv6 with the same bytes', () => {
    const table = new AddressTable(8, 2, () => {});
    const four = Uint8Array.of(1, 2, 3, 4);
    const six = Uint8Array.of(1, 2, 3, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
    const slots = [
      [four, six],
      [six, four],
      [four, four],
      [six, six],
    ].map(([source, target]) => {
      putAddress(table.key, 0, source!, 0, source!.length);
      putAddress(table.key, 1, target!, 0, target!.length);
      return table.claim();
    });
    expect(new Set(slots).size).toBe(4);
    expect(table.addressAt(slots[1]!, 0)).toEqual(six);
    expect(table.addressAt(slots[1]!, 1)).toEqual(four);
  });
});
