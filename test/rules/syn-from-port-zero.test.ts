import { describe, expect, it } from 'vitest';
import { synFromPortZero } from '../../src/rules/syn-from-port-zero.ts';
import { ask } from '../support/rules.ts';

describe('syn-from-port-zero', () => {
  it('flags a SYN from port 0, to whatever port', () => {
    expect(ask(synFromPortZero, { clientPort: 0, serverPort: 8080 })).toEqual({ messageId: 'syn' });
    expect(ask(synFromPortZero, { clientPort: 0, serverPort: 0, probe: 'syn-data' })).not.toBeNull();
  });

  it('leaves alone SYNs from other ports, other openings and answers without a question', () => {
    expect(ask(synFromPortZero, { serverPort: 0 })).toBeNull();
    expect(ask(synFromPortZero, { clientPort: 0, serverPort: 9, probe: 'fin' })).toBeNull();
    expect(ask(synFromPortZero, { clientPort: 0, serverPort: 9, probe: null, verdict: 'unsolicited' })).toBeNull();
  });
});
