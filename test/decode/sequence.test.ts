import { describe, expect, it } from 'vitest';
import { sequenceAdd, sequenceDifference, sequenceLess } from '../../src/decode/transport/sequence.ts';

describe('sequence numbers', () => {
  it('add modulo 2^32 and stay unsigned', () => {
    expect(sequenceAdd(0xffffffff, 1)).toBe(0);
    expect(sequenceAdd(0x7fffffff, 1)).toBe(0x80000000);
    expect(sequenceAdd(0, -1)).toBe(0xffffffff);
  });

  it('differ by a signed distance', () => {
    expect(sequenceDifference(5, 0xfffffffb)).toBe(10);
    expect(sequenceDifference(0xfffffffb, 5)).toBe(-10);
    expect(sequenceDifference(7, 7)).toBe(0);
  });

  it('compare across the wrap', () => {
    expect(sequenceLess(0xffffffff, 0)).toBe(true);
    expect(sequenceLess(0, 0xffffffff)).toBe(false);
    expect(sequenceLess(1, 1)).toBe(false);
    expect(sequenceLess(0x7fffffff, 0x80000000)).toBe(true);
  });
});
