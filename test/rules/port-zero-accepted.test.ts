import { describe, expect, it } from 'vitest';
import { portZeroAccepted } from '../../src/rules/port-zero-accepted.ts';
import { makeEvidence } from '../support/exchange.ts';
import { ask } from '../support/rules.ts';

describe('port-zero-accepted', () => {
  it('flags an accepted exchange with port 0 at either end', () => {
    expect(ask(portZeroAccepted, { verdict: 'accepted' })).toEqual({ messageId: 'accepted' });
    expect(ask(portZeroAccepted, { verdict: 'accepted', clientPort: 0, serverPort: 80 })).not.toBeNull();
  });

  it('flags a simultaneous open only when it was completed (a split handshake may never be)', () => {
    expect(ask(portZeroAccepted, { verdict: 'simultaneous' })).toBeNull();
    expect(ask(portZeroAccepted, { verdict: 'simultaneous', established: true })).toEqual({ messageId: 'established' });
  });

  it('flags a SYN-ACK that came after another answer', () => {
    const synAck = makeEvidence({ kind: 'syn-ack', frame: 7 });
    const late = { verdict: 'refused', conflicting: true } as const;
    expect(ask(portZeroAccepted, { ...late, otherAnswers: [makeEvidence(), synAck] })).toEqual({
      messageId: 'late',
      frames: [7],
    });
    expect(ask(portZeroAccepted, { ...late, otherAnswers: [{ ...synAck, acceptable: false }] })).toBeNull();
    expect(ask(portZeroAccepted, { ...late, otherAnswers: [makeEvidence({ kind: 'icmp' })] })).toBeNull();
  });

  it('leaves alone ordinary ports, other verdicts, and a SYN-ACK that nobody asked for', () => {
    expect(ask(portZeroAccepted, { verdict: 'accepted', established: true, serverPort: 80 })).toBeNull();
    for (const verdict of ['refused', 'unreachable', 'silent', 'undecided', 'challenged', 'invalid-reset'] as const) {
      expect(ask(portZeroAccepted, { verdict })).toBeNull();
    }
    expect(ask(portZeroAccepted, { verdict: 'unsolicited', probe: null })).toBeNull();
  });
});
