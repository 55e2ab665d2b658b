import { describe, expect, it } from 'vitest';
import { synToPortZero } from '../../src/rules/syn-to-port-zero.ts';
import { VERDICTS } from '../../src/track/exchange.ts';
import { ask } from '../support/rules.ts';

describe('syn-to-port-zero', () => {
  it.each(VERDICTS.filter((verdict) => verdict !== 'unsolicited'))('flags a SYN to port 0 that was %s', (verdict) => {
    expect(ask(synToPortZero, { verdict })).toEqual({ messageId: 'syn' });
  });

  it('flags a SYN with data, and one that comes from port 0 as well', () => {
    expect(ask(synToPortZero, { probe: 'syn-data' })).not.toBeNull();
    expect(ask(synToPortZero, { clientPort: 0 })).not.toBeNull();
  });

  it('leaves alone SYNs to other ports, from port 0 or not', () => {
    expect(ask(synToPortZero, { serverPort: 80 })).toBeNull();
    expect(ask(synToPortZero, { clientPort: 0, serverPort: 80 })).toBeNull();
  });

  it('leaves alone other openings and answers without a question', () => {
    for (const probe of ['null', 'fin', 'xmas', 'maimon', 'ack', 'other'] as const) {
      expect(ask(synToPortZero, { probe })).toBeNull();
    }
    expect(ask(synToPortZero, { probe: null, verdict: 'unsolicited' })).toBeNull();
  });
});
