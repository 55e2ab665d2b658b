import { describe, expect, it } from 'vitest';
import * as packet from '../../src/decode/packet.ts';
import { malformedPortZero } from '../../src/rules/malformed-port-zero.ts';
import { ask } from '../support/rules.ts';

const faults = Object.entries(packet).filter(([name]) => name.startsWith('ANOMALY_')) as [string, number][];

describe('malformed-port-zero', () => {
  it.each(faults.filter(([name]) => name !== 'ANOMALY_SNAPPED'))('flags %s and says what it is', (_name, anomalies) => {
    const match = ask(malformedPortZero, { anomalies, anomalyFrame: 4 });
    expect(match).toMatchObject({ messageId: 'malformed', frames: [4] });
    expect(match?.data?.faults).toMatch(/^\S.*\S$/);
    expect(ask(malformedPortZero, { anomalies, serverPort: 80 })).toBeNull();
  });

  it('has other words for each fault, and names all of them', () => {
    const words = faults
      .filter(([name]) => name !== 'ANOMALY_SNAPPED')
      .map(([, anomalies]) => ask(malformedPortZero, { anomalies })?.data?.faults);
    expect(new Set(words).size).toBe(words.length);
    const both = packet.ANOMALY_SYN_FIN | packet.ANOMALY_BAD_CHECKSUM | packet.ANOMALY_SNAPPED;
    expect(ask(malformedPortZero, { anomalies: both })?.data?.faults).toBe('SYN and FIN together, bad checksum');
  });

  it('does not blame a segment that the capture cut', () => {
    expect(ask(malformedPortZero, { anomalies: packet.ANOMALY_SNAPPED, anomalyFrame: 1 })).toBeNull();
    expect(ask(malformedPortZero, { anomalies: 0 })).toBeNull();
  });
});
