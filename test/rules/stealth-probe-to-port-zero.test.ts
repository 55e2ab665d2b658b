import { describe, expect, it } from 'vitest';
import { stealthProbeToPortZero } from '../../src/rules/stealth-probe-to-port-zero.ts';
import { makeEvidence } from '../support/exchange.ts';
import { ask } from '../support/rules.ts';

describe('stealth-probe-to-port-zero', () => {
  it.each(['null', 'fin', 'xmas', 'maimon', 'ack', 'other'] as const)(
    'flags a %s opening to or from port 0',
    (probe) => {
      expect(ask(stealthProbeToPortZero, { probe })).toEqual({ messageId: 'probe' });
      expect(ask(stealthProbeToPortZero, { probe, clientPort: 0, serverPort: 9 })).not.toBeNull();
      expect(ask(stealthProbeToPortZero, { probe, serverPort: 9 })).toBeNull();
    },
  );

  it('claims nothing of flags that fragments hide', () => {
    const shown = makeEvidence({ flags: 0x03 });
    expect(ask(stealthProbeToPortZero, { probe: 'other', probeEvidence: shown })).not.toBeNull();
    expect(ask(stealthProbeToPortZero, { probe: 'other', probeEvidence: makeEvidence({ flags: null }) })).toBeNull();
  });

  it('leaves alone SYNs and answers without a question', () => {
    expect(ask(stealthProbeToPortZero, { probe: 'syn' })).toBeNull();
    expect(ask(stealthProbeToPortZero, { probe: 'syn-data' })).toBeNull();
    expect(ask(stealthProbeToPortZero, { probe: null, verdict: 'unsolicited' })).toBeNull();
  });
});
