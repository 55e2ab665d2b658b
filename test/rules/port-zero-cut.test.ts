import { describe, expect, it } from 'vitest';
import { ANOMALY_FRAGMENTED_HEADER, ANOMALY_SNAPPED } from '../../src/decode/packet.ts';
import { portZeroCut } from '../../src/rules/port-zero-cut.ts';
import { makeEvidence } from '../support/exchange.ts';
import { ask } from '../support/rules.ts';

const hidden = { probe: 'other', anomalies: ANOMALY_SNAPPED, probeEvidence: makeEvidence({ flags: null }) } as const;

describe('port-zero-cut', () => {
  it('flags port 0 in a segment whose flags the capture cut', () => {
    expect(ask(portZeroCut, hidden)).toEqual({ messageId: 'cut' });
    expect(ask(portZeroCut, { ...hidden, clientPort: 0, serverPort: 80 })).not.toBeNull();
  });

  it('leaves alone flags that are there, that the sender hid, and other ports', () => {
    expect(ask(portZeroCut, { ...hidden, probeEvidence: makeEvidence({ flags: 0x2b }) })).toBeNull();
    expect(ask(portZeroCut, { ...hidden, anomalies: ANOMALY_SNAPPED | ANOMALY_FRAGMENTED_HEADER })).toBeNull();
    expect(ask(portZeroCut, { ...hidden, serverPort: 80 })).toBeNull();
  });
});
