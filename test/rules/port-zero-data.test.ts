import { describe, expect, it } from 'vitest';
import { portZeroData } from '../../src/rules/port-zero-data.ts';
import { ask } from '../support/rules.ts';

describe('port-zero-data', () => {
  it('flags payload and shows its first frame', () => {
    expect(ask(portZeroData, { dataFrame: 9 })).toEqual({ messageId: 'data', frames: [9] });
    expect(ask(portZeroData, { dataFrame: 9, clientPort: 0, serverPort: 80 })).not.toBeNull();
  });

  it('leaves alone exchanges without payload, and other ports', () => {
    expect(ask(portZeroData, { verdict: 'accepted', established: true })).toBeNull();
    expect(ask(portZeroData, { dataFrame: 9, serverPort: 80 })).toBeNull();
  });
});
