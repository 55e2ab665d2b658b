import { describe, expect, it } from 'vitest';
import { portZeroBackscatter } from '../../src/rules/port-zero-backscatter.ts';
import { makeEvidence } from '../support/exchange.ts';
import { ask } from '../support/rules.ts';

const unsolicited = { verdict: 'unsolicited', probe: null, probeFrame: null } as const;

describe('port-zero-backscatter', () => {
  it.each(['syn-ack', 'reset'] as const)('flags a %s that nothing asked for and says which it is', (kind) => {
    const answerEvidence = makeEvidence({ kind });
    expect(ask(portZeroBackscatter, { ...unsolicited, answerEvidence })).toEqual({ messageId: kind });
    expect(ask(portZeroBackscatter, { ...unsolicited, answerEvidence, clientPort: 0, serverPort: 9 })).not.toBeNull();
    expect(ask(portZeroBackscatter, { ...unsolicited, answerEvidence, serverPort: 9 })).toBeNull();
  });

  it('leaves alone ICMP errors and answers to a question', () => {
    expect(ask(portZeroBackscatter, { ...unsolicited, answerEvidence: makeEvidence({ kind: 'icmp' }) })).toBeNull();
    expect(ask(portZeroBackscatter, { verdict: 'refused' })).toBeNull();
  });
});
